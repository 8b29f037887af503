import type { DemoCredentials } from '../../network/demo/founding.ts';
import { RestDevice } from './rest-device.ts';
import { RestPatient } from './rest-patient.ts';

/** The demo's organisations by short name, each with the device that its credentials file names. */
export function cast(credentials: DemoCredentials) {
  const one = (id: string, purposes?: string[]) => {
    const organisation = credentials.organisations.find((each) => each.id === id);
    if (!organisation) throw new Error(`${id} is not in the credentials file`);
    return new RestDevice(organisation, undefined, purposes);
  };
  return {
    network: credentials.network,
    river: one('RiversideMSP'),
    lake: one('LakesideMSP'),
    regulator: one('RegulatorMSP', ['HOPERAT']),
    insurer: one('InsurerMSP', ['HPAYMT']),
    /** a patient enrolled at Riverside, which may record and read for treatment */
    async patient(): Promise<RestPatient> {
      const patient = new RestPatient(this.network, this.river.organisation);
      await patient.enrol(this.river);
      return patient;
    },
    /** a new record of a patient's at Riverside */
    async record(patient: RestPatient, content: Buffer): Promise<string> {
      const answer = await this.river.store(patient.id, content);
      if (answer.status !== 201) throw new Error(`not stored: ${answer.status} ${answer.code}`);
      return String(answer.json['record']);
    },
  };
}

export type Cast = ReturnType<typeof cast>;
