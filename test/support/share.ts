/** Does this run do the full counts (npm run soak)? */
export const soaking = process.env['SOAK'] === '1';

/** How many cases to try: all of them in a soak, a small share in `npm test`. */
export const share = (full: number, small: number) => (soaking ? full : small);

/** The seed of this run's random histories; printed by a failing property, set with SEED. */
export const seed = Number(process.env['SEED'] ?? 20_261_121);
