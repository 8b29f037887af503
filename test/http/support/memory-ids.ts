import { digest } from '@chartkey/vocabulary';

export const patient = digest('a patient');
export const transaction = 'f'.repeat(64);
export const access = `${transaction}:0`;
export const time = '2026-01-01T00:00:00.000Z';
