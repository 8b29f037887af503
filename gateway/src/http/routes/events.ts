import { EventCursor, LedgerEvent, page, Thumbprint } from '@chartkey/vocabulary';
import * as z from 'zod';
import type { Caller } from '../../gateway.ts';
import { answer } from '../answer.ts';
import { devicesOnly, ownOrRegulator } from '../authenticate.ts';
import { streamEvents } from '../event-stream.ts';
import { type Asked, EVENT_STREAM, route } from '../route.ts';
import { indexFailures, sessionFailures } from './ledger-failures.ts';

const EventsPage = page(LedgerEvent);
const query = z.object({ after: EventCursor.optional().describe('Events after this one') });
const headers = z.object({
  'Last-Event-ID': EventCursor.optional().describe(
    'The same, as a stream’s client says it when it comes back',
  ),
});
const answers = {
  200: { says: 'Oldest first; as a stream from now on unless told', schema: EventsPage, streams: true },
};
const failures = [...indexFailures, 'TOO_MANY_STREAMS', 'BUSY'] as const;

export const patientEvents = route({
  method: 'get',
  path: '/v1/patients/{patient}/events',
  word: 'events',
  summary: 'What happens to a patient’s records and grants; a regulator’s question is logged first',
  needs: 'token',
  params: z.object({ patient: Thumbprint }),
  query,
  headers,
  answers,
  failures: [...sessionFailures, ...failures, 'NOT_YOURS'],
  mayAsk: ownOrRegulator,
  serve: (asked) => tell(asked, { patient: asked.params.patient }),
});

export const organisationEvents = route({
  method: 'get',
  path: '/v1/events',
  word: 'events',
  summary: 'What happens to the records in an organisation’s custody, by its devices, and to those',
  needs: 'token',
  query,
  headers,
  answers,
  failures: [...failures, 'DEVICE_REVOKED', 'DEVICES_ONLY'],
  mayAsk: devicesOnly,
  serve: (asked) => tell(asked, {}),
});

type Where = z.output<typeof query>;
type Came = z.output<typeof headers>;

async function tell(
  asked: Asked<unknown, Where, Came> & { caller: Caller },
  of: { patient?: string },
): Promise<void> {
  // What a client comes back with is newer than the URL it began with.
  const after = asked.headers['Last-Event-ID'] ?? asked.query.after;
  const wantsStream = asked.request.accepts(['application/json', EVENT_STREAM]) === EVENT_STREAM;
  if (wantsStream) return streamEvents(asked, { ...of, after });
  answer(asked, EventsPage, await asked.gateway.eventsOf(asked.caller, { ...of, after }));
}
