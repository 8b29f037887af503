import {
  DeviceAnswer,
  ListedDevice,
  OrganisationAnswer,
  OrganisationId,
  page,
  Thumbprint,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import { answer } from '../answer.ts';
import { route } from '../route.ts';
import { Cursor } from './cursor.ts';
import { indexFailures, ledgerFailures } from './ledger-failures.ts';

const params = z.object({ organisation: OrganisationId });
const OrganisationsPage = page(OrganisationAnswer);
const DevicesPage = page(ListedDevice);

export const organisations = route({
  method: 'get',
  path: '/v1/organisations',
  word: 'organisations',
  summary: 'The members of the network',
  needs: 'token',
  answers: { 200: { says: 'All of them, on one page', schema: OrganisationsPage } },
  failures: ledgerFailures,
  serve: async (asked) => answer(asked, OrganisationsPage, { items: await asked.gateway.organisations() }),
});

export const organisation = route({
  method: 'get',
  path: '/v1/organisations/{organisation}',
  word: 'organisations',
  summary: 'One member, and the next sequence number of its master key’s statements',
  needs: 'token',
  params,
  answers: { 200: { says: 'The member', schema: OrganisationAnswer } },
  failures: [...ledgerFailures, 'ORGANISATION_UNKNOWN'],
  serve: async (asked) =>
    answer(asked, OrganisationAnswer, await asked.gateway.organisationOf(asked.params.organisation)),
});

export const devices = route({
  method: 'get',
  path: '/v1/organisations/{organisation}/devices',
  word: 'organisations',
  summary: 'A member’s devices and whether they are approved',
  needs: 'token',
  params,
  query: z.object({ cursor: Cursor }),
  answers: { 200: { says: 'Newest first', schema: DevicesPage } },
  failures: [...ledgerFailures, ...indexFailures, 'ORGANISATION_UNKNOWN'],
  serve: async (asked) =>
    answer(asked, DevicesPage, await asked.gateway.devicesOf(asked.params.organisation, asked.query.cursor)),
});

export const device = route({
  method: 'get',
  path: '/v1/organisations/{organisation}/devices/{device}',
  word: 'organisations',
  summary: 'A device with its keys, and the approval by its organisation’s master key that proves them',
  needs: 'token',
  params: params.extend({ device: Thumbprint }),
  answers: { 200: { says: 'The device', schema: DeviceAnswer } },
  failures: [...ledgerFailures, 'ORGANISATION_UNKNOWN', 'DEVICE_UNKNOWN', 'NOT_SERVED_HERE'],
  serve: async (asked) => {
    const { organisation: id, device: thumbprint } = asked.params;
    answer(asked, DeviceAnswer, await asked.gateway.deviceOf(id, thumbprint));
  },
});
