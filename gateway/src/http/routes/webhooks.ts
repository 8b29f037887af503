import { Base32Id, Failure, page, parseUnambiguous, Webhook, WebhookRequest } from '@chartkey/vocabulary';
import * as z from 'zod';
import { answer } from '../answer.ts';
import { textOf } from '../body.ts';
import { type Asked, route } from '../route.ts';
import { ledgerFailures } from './ledger-failures.ts';

const REQUEST_BYTES = 4096;
const WebhooksPage = page(Webhook);
const failures = ['NOT_SERVED_HERE', 'DEVICE_REVOKED'] as const;

export const addWebhook = route({
  method: 'post',
  path: '/v1/webhooks',
  word: 'events',
  summary: 'Has events sent to a URL, once that has answered a signed challenge',
  needs: 'token',
  body: { mediaType: 'application/json', schema: WebhookRequest, limit: REQUEST_BYTES },
  answers: {
    201: { says: 'Events will be sent', schema: Webhook, headers: ['Location'] },
    200: { says: 'They were before; what was asked now holds', schema: Webhook, headers: ['Location'] },
  },
  failures: [
    ...ledgerFailures,
    ...failures,
    'WEBHOOK_REFUSED',
    'WEBHOOK_UNANSWERED',
    'WEBHOOK_LIMIT',
    'INDEX_BEHIND',
    'VAULT_FULL',
  ],
  serve: async (asked) => {
    await asked.limits.webhook(asked.request, asked.response, asked.caller);
    const { webhook, repeated } = await asked.gateway.addWebhook(asked.caller, await requestIn(asked));
    const headers = { Location: `/v1/webhooks/${webhook.webhook}` };
    answer(asked, Webhook, webhook, { status: repeated ? 200 : 201, headers });
  },
});

export const webhooks = route({
  method: 'get',
  path: '/v1/webhooks',
  word: 'events',
  summary: 'The webhooks of the patient or of the organisation at this gateway, and how they fare',
  needs: 'token',
  answers: { 200: { says: 'All of them, on one page, the oldest first', schema: WebhooksPage } },
  failures,
  serve: async (asked) =>
    answer(asked, WebhooksPage, { items: await asked.gateway.webhooksOf(asked.caller) }),
});

export const removeWebhook = route({
  method: 'delete',
  path: '/v1/webhooks/{webhook}',
  word: 'events',
  summary: 'Sends no more events there',
  needs: 'token',
  params: z.object({ webhook: Base32Id }),
  answers: { 204: { says: 'It is gone' } },
  failures: [...failures, 'WEBHOOK_UNKNOWN'],
  serve: async ({ gateway, caller, params, response }) => {
    await gateway.removeWebhook(caller, params.webhook);
    response.status(204).setHeader('Cache-Control', 'no-store').end();
  },
});

async function requestIn({ request, response, settings }: Asked): Promise<WebhookRequest> {
  const { idleMilliseconds } = settings;
  const text = await textOf(request, response, { bytes: REQUEST_BYTES, idleMilliseconds });
  try {
    return WebhookRequest.parse(parseUnambiguous(text));
  } catch {
    throw new Failure('INVALID_REQUEST', { at: 'body' });
  }
}
