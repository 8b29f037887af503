import {
  type Device,
  importSigner,
  makeKeys,
  type Patient,
  type Practitioner,
  ProblemError,
} from '@chartkey/client';
import type { Role } from '@chartkey/vocabulary';
import type { DemoCredentials, DemoPractitioner } from './founding.ts';
import type { Tell } from './story.ts';

/** Who is in a chapter: the patient, the hospital that keeps the record, the devices of another hospital. */
export interface Scene {
  credentials: DemoCredentials;
  patient: Patient;
  river: Device;
  /** a device at Lakeside in a practitioner's name */
  lakeside(practitioner: string, role: Role, purpose: 'TREAT' | 'ETREAT'): Device;
  record: string;
  tell: Tell;
}

/**
 * An emergency: no consent, a physician's own key, one signature more, and a review.
 * @returns the accesses it left on the ledger
 */
export async function tellEmergency(scene: Scene): Promise<string[]> {
  const { patient, record, tell } = scene;
  tell('\n6. An emergency: Lakeside has no permission any more, and the patient cannot be asked.');
  const { device, key } = await practitionerAt(scene, 'physician');
  const refused = await accessRefused(() => device.readRecord(record), 'BREAK_GLASS_REQUIRED');
  tell('   For an emergency the ledger asks for a practitioner’s own key: 403 BREAK_GLASS_REQUIRED.');
  const breakGlass = await key.signBreakGlass({
    patient: patient.id,
    reason: 'unconscious',
    minutes: 15,
    words: 'synthetic: found unconscious, allergies unknown',
  });
  const content = await contentOf(device, record, { breakGlass }).catch((error: unknown) => {
    if (error instanceof ProblemError && error.code === 'BREAK_GLASS_LIMIT') return undefined;
    throw error;
  });
  if (!content) {
    tell(
      '   This physician broke glass five times in 24 hours: 429 BREAK_GLASS_LIMIT. Run the demo tomorrow.',
    );
    return [refused];
  }
  tell('   The physician signs, and reads in the same call. The patient sees it at once:');
  const [opening] = await patient.openingsOf(patient.id).first(1);
  if (opening?.opening !== breakGlass.id) throw new Error('the patient does not see the broken glass');
  tell(`   ${opening.openedAt}  ${opening.organisation} broke the glass: ${opening.reason}`);
  const officer = await practitionerAt(scene, 'privacy-officer');
  await officer.key.review(breakGlass.id, { justified: true });
  tell(
    '   Lakeside’s privacy officer, another key, finds it justified. Otherwise it were a regulator’s case.',
  );
  return [refused, content.access];
}

/**
 * 2 of 3: a record that two of patient, guardian and treating hospital open together.
 * @returns the accesses it left on the ledger
 */
export async function tellTwoOfThree(scene: Scene): Promise<string[]> {
  const { patient, river, record, tell } = scene;
  tell(
    '\n7. The patient lays a rule on a record: two of patient, mother and Riverside must approve each reader.',
  );
  const mother = river.gateway.patient(await makeKeys());
  await river.enrol(await mother.enrolmentStatement());
  const of = [{ person: patient.id }, { person: mother.id }, { organisation: 'RiversideMSP' }];
  const rule = await patient.layRule({ on: { records: [record] }, of, need: 2, within: 60, lasting: 60 });
  const { device } = await practitionerAt(scene, 'physician', 'TREAT');
  const refused = await accessRefused(() => device.readRecord(record), 'APPROVAL_REQUIRED');
  const asked = await device.requestApproval(record);
  tell(`   Lakeside asks; request ${asked.request.slice(0, 12)}… waits for two of three.`);
  for (const approver of [mother, patient]) {
    const [waiting] = await approver.approvals().first(1);
    if (!waiting) throw new Error('nothing waits for an approver');
    await approver.approve(waiting);
  }
  const { access } = await contentOf(device, record);
  tell('   Mother and patient sign the fingerprint of what they were shown, and Lakeside reads.');
  await patient.liftRule(rule.id);
  return [refused, access];
}

async function practitionerAt(
  { credentials, lakeside }: Scene,
  role: Role,
  purpose: 'TREAT' | 'ETREAT' = 'ETREAT',
): Promise<{ device: Device; key: Practitioner }> {
  const lake = credentials.organisations.find(({ id }) => id === 'LakesideMSP');
  const one: DemoPractitioner | undefined = lake?.practitioners.find((named) => named.role === role);
  if (!one) throw new Error(`Lakeside has no ${role} in the credentials file`);
  const device = lakeside(one.practitioner, role, purpose);
  return { device, key: device.gateway.practitioner(await importSigner(one.key), device) };
}

async function contentOf(device: Device, record: string, options = {}): Promise<{ access: string }> {
  const { access, body } = await device.readRecord(record, options);
  await new Response(body).arrayBuffer();
  return { access };
}

async function accessRefused(read: () => Promise<unknown>, code: string): Promise<string> {
  const problem = await read().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(problem instanceof ProblemError) || problem.code !== code || !problem.access) {
    throw new Error(`this should have been ${code}: ${problem}`);
  }
  return problem.access;
}
