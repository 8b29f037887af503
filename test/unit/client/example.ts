import { connect, importKeys, makeKeys, ProblemError } from '@chartkey/client';

/** @param credentials an entry of demo/credentials.json; `network` is the id you pinned */
export async function story(network: string, here: Ours, there: Ours): Promise<string> {
  // A patient's keys are made on the patient's device and stay there.
  const riverside = await connect(here.url, { network });
  const patient = riverside.patient(await makeKeys());

  // The reception desk hands the enrolment in, then stores a record as a stream.
  const acting = { practitioner: 'a'.repeat(26), role: 'physician', purposes: ['TREAT'] } as const;
  const ehr = riverside.device((await importKeys(here.ehr)).sig, acting);
  await ehr.enrol(await patient.enrolmentStatement({ recorder: here.id }));
  const scan = new Blob(['ISA*00*'], { type: 'text/plain' });
  const { record } = await ehr.storeRecord(patient.id, scan.stream(), 'text/plain');

  // Another hospital is refused, and the refusal is on the ledger.
  const lakeside = await connect(there.url, { network });
  const elsewhere = lakeside.device((await importKeys(there.ehr)).sig, acting);
  await elsewhere.readRecord(record).catch((refused: unknown) => {
    if (!(refused instanceof ProblemError)) throw refused;
    console.log(refused.code, refused.remedy, refused.access);
  });

  // The patient grants, the other hospital reads, the patient takes it back and sees every look.
  const grantee = { organisation: there.id };
  const grant = await patient.grant({ grantee, scope: 'all', actions: ['read'], purposes: ['TREAT'] });
  const { body } = await elsewhere.readRecord(record);
  const text = await new Response(body).text(); // throws when the digest does not match
  const { done } = await patient.revoke(grant.id, { second: lakeside });
  console.log(done ? 'two organisations say so, each with its receipt' : 'carry it again later');
  for await (const look of patient.accesses()) console.log(look.time, look.organisation, look.decision);
  return text;
}

export interface Ours {
  id: string;
  url: string;
  ehr: { sig: object; enc: object };
}
