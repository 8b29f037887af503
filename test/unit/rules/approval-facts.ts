import { type ApprovalSubject, Failure, instantAt, type Rule } from '@chartkey/vocabulary';

export const at = Date.parse('2026-06-01T12:00:00.000Z');
export const MINUTE = 60_000;

/** What a hospital has asked for. */
export const subject: ApprovalSubject = {
  kind: 'access',
  patient: 'patient',
  record: 'r1',
  rule: 'rule',
  organisation: 'Lake',
  purpose: 'TREAT',
  asked: 'transaction',
  openedAt: instantAt(at),
};
/** Two of patient, hospital and guardian, within an hour, for two. */
export const rule: Rule = {
  rule: 'rule',
  on: { records: ['r1'] },
  of: [{ person: 'patient' }, { organisation: 'Lake' }, { person: 'guardian' }],
  need: 2,
  within: 60,
  lasting: 120,
};
/** The code that some work is refused with, or what it answers. */
export const codeOf = (work: () => unknown) => {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
};
