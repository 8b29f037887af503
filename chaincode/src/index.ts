import 'reflect-metadata';
import { ownCodeDigest } from './code-digest.ts';
import { AccessesContract } from './contracts/accesses.ts';
import { ApprovalsContract } from './contracts/approvals.ts';
import { ConsentContract } from './contracts/consent.ts';
import { DevicesContract } from './contracts/devices.ts';
import { EmergenciesContract } from './contracts/emergencies.ts';
import { LateEntriesContract } from './contracts/late-entries.ts';
import { NetworkContract } from './contracts/network.ts';
import { PatientsContract } from './contracts/patients.ts';
import { PractitionersContract } from './contracts/practitioners.ts';
import { RecordsContract } from './contracts/records.ts';
import { SessionsContract } from './contracts/sessions.ts';
import { StatementsContract } from './contracts/statements.ts';
import { quietShim } from './quiet-shim.ts';
import { listenForOffers } from './world-state/many-keys.ts';

ownCodeDigest();
quietShim();
listenForOffers();

/** The contracts that Fabric runs (fabric-shim reads this name). */
export const contracts = [
  NetworkContract,
  PatientsContract,
  ConsentContract,
  DevicesContract,
  PractitionersContract,
  EmergenciesContract,
  LateEntriesContract,
  SessionsContract,
  RecordsContract,
  AccessesContract,
  ApprovalsContract,
  StatementsContract,
];
