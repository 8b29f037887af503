/** A line of a plot: points from left to right. */
export interface Series {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  /** its file is docs/benchmarks/<name>.svg */
  name: string;
  title: string;
  x: { label: string; logarithmic?: boolean };
  y: { label: string };
  series: readonly Series[];
}

const [WIDTH, HEIGHT] = [560, 300];
const MARGIN = { left: 62, right: 16, top: 34, bottom: 62 };
const COLOURS = ['#1f5fa8', '#c2571a', '#3d8b4f', '#7a4fa3', '#8a6d1c'];

/** A small plot as an SVG that reads on light and dark pages. */
export function svg({ title, x, y, series }: Plot): string {
  const points = series.flatMap((one) => one.points);
  const across = scale(
    points.map(([at]) => at),
    [MARGIN.left, WIDTH - MARGIN.right],
    x.logarithmic ?? false,
  );
  const up = scale([0, ...points.map(([, at]) => at)], [HEIGHT - MARGIN.bottom, MARGIN.top], false);
  const bottom = HEIGHT - MARGIN.bottom;
  const text = (px: number, py: number, words: string, more = '') =>
    `<text x="${px.toFixed(1)}" y="${py.toFixed(1)}" ${more}>${escaped(words)}</text>`;
  const lines = series.flatMap(({ points: own }, at) => {
    const colour = COLOURS[at % COLOURS.length];
    const path = own.map(([px, py]) => `${across.at(px).toFixed(1)},${up.at(py).toFixed(1)}`);
    const dots = path.map((place) => {
      const [cx, cy] = place.split(',');
      return `<circle cx="${cx}" cy="${cy}" r="2.6" fill="${colour}"/>`;
    });
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="1.8" points="${path.join(' ')}"/>`,
      ...dots,
    ];
  });
  const legend = series.map(({ name }, at) => {
    const left = MARGIN.left + (at * (WIDTH - MARGIN.left)) / series.length;
    const colour = COLOURS[at % COLOURS.length];
    return `<rect x="${left}" y="${HEIGHT - 18}" width="10" height="10" fill="${colour}"/>${text(left + 14, HEIGHT - 9, name)}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11" fill="#333">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(MARGIN.left, 18, title, 'font-size="13" font-weight="bold"'),
    ...up.ticks.map((value) => {
      const line = `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${up.at(value)}" y2="${up.at(value)}" stroke="#e3e3e3"/>`;
      return line + text(MARGIN.left - 6, up.at(value) + 4, short(value), 'text-anchor="end"');
    }),
    ...across.ticks.map((value) => text(across.at(value), bottom + 15, short(value), 'text-anchor="middle"')),
    text((MARGIN.left + WIDTH) / 2, bottom + 32, x.label, 'text-anchor="middle"'),
    text(-(MARGIN.top + bottom) / 2, 14, y.label, 'text-anchor="middle" transform="rotate(-90)"'),
    ...lines,
    ...legend,
    '</svg>\n',
  ].join('\n');
}

function scale(values: readonly number[], [from, to]: readonly [number, number], logarithmic: boolean) {
  const bend = (value: number) => (logarithmic ? Math.log10(value) : value);
  const low = bend(Math.min(...values));
  const high = bend(Math.max(...values));
  const at = (value: number) => from + ((bend(value) - low) / (high - low || 1)) * (to - from);
  const decades = Array.from({ length: 13 }, (_, power) => 10 ** power);
  const ticks = logarithmic
    ? decades.filter((value) => bend(value) >= low && bend(value) <= high)
    : steps(low, high);
  return { at, ticks };
}

/** Four to eight round numbers between two. */
function steps(low: number, high: number): number[] {
  const rough = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough)!;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, at) => (first + at) * step);
}

const short = (value: number) =>
  value >= 1e6 ? `${value / 1e6}M` : value >= 1e4 ? `${value / 1e3}k` : `${Number(value.toPrecision(6))}`;

const escaped = (words: string) => words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
