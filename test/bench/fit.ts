/** Cost = perTransaction * transactions + perEntry * entries. */
export interface Line {
  perTransaction: number;
  perEntry: number;
}

/** Least squares in both; neither is taken below nothing. */
export function fit(points: readonly { transactions: number; entries: number; cost: number }[]): Line {
  const sum = (of: (point: (typeof points)[number]) => number) =>
    points.reduce((all, point) => all + of(point), 0);
  const tt = sum(({ transactions: t }) => t * t);
  const ee = sum(({ entries: e }) => e * e);
  const te = sum(({ transactions: t, entries: e }) => t * e);
  const tc = sum(({ transactions: t, cost }) => t * cost);
  const ec = sum(({ entries: e, cost }) => e * cost);
  const determinant = tt * ee - te * te;
  const perTransaction = (tc * ee - ec * te) / determinant;
  const perEntry = (ec * tt - tc * te) / determinant;
  if (!(perEntry >= 0)) return { perTransaction: tc / tt, perEntry: 0 };
  if (!(perTransaction >= 0)) return { perTransaction: 0, perEntry: ec / ee };
  return { perTransaction, perEntry };
}
