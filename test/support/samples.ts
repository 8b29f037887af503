import { join } from 'node:path';
import { type Sample, samplesIn } from '../../network/demo/samples.ts';

/** The records of `SAMPLE_DATA` where that is set, and always the repository's own. */
export function samples(): Sample[] {
  const own = samplesIn(join(__dirname, '..', '..', 'network', 'demo', 'samples'));
  const folder = process.env['SAMPLE_DATA'];
  return folder ? [...own, ...samplesIn(folder)] : own;
}
