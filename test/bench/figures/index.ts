import type { Measure } from '../figure.ts';
import { faults } from './faults.ts';
import { overload } from './overload.ts';
import { profile } from './profile.ts';
import { crowd } from './r1-crowd.ts';
import { grouping } from './r2-grouping.ts';
import { alone } from './r3-alone.ts';
import { unlogged } from './r4-unlogged.ts';
import { longLog } from './r5-log.ts';
import { growth } from './r6-patients.ts';
import { messages } from './r7-messages.ts';
import { bytes } from './r8-bytes.ts';
import { submit } from './r9-submit.ts';
import { keyReleases } from './r10-key-releases.ts';
import { content } from './r11-content.ts';
import { hotPatient } from './r12-hot-patient.ts';
import { offline } from './r13-offline.ts';
import { starting } from './r14-start.ts';
import { scale } from './scale.ts';

/** By number of the goal (docs/benchmarks.md), in the order of measuring: first what needs no second ledger. */
export const figures: Record<string, Measure> = {
  R1: crowd,
  R2: grouping,
  R7: messages,
  R8: bytes,
  R9: submit,
  R10: keyReleases,
  R11: content,
  R12: hotPatient,
  R13: offline,
  scale,
  R3: alone,
  R4: unlogged,
  R5: longLog,
  R6: growth,
  R14: starting,
  overload,
  faults,
  profile,
};
