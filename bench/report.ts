export interface Report {
  /** What the JSON line's `value` and `floor` are, with the unit. */
  unit: string;
  value: number;
  floor: number;
  /** Value over floor; below or above 1 is good as the unit has it. */
  ratio: number;
  /** What has to hold, for a reader. */
  reach: string;
  rows: Record<string, string | number>[];
}

export type Bench = () => Promise<Report>;

export function printReport(name: string, report: Report): void {
  console.table(report.rows);
  console.log(
    `${name}: ${round(report.value)} ${report.unit}, floor ${round(report.floor)}, ratio ${round(report.ratio)} (reach: ${report.reach})`,
  );
  console.log(
    JSON.stringify({ bench: name, value: round(report.value), floor: round(report.floor), ratio: round(report.ratio) }),
  );
}

/** The p-th percentile, 0 to 100, by nearest rank. */
export function percentile(samples: number[], p: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((p / 100) * sorted.length) - 1))] ?? Number.NaN;
}

export const median = (samples: number[]) => percentile(samples, 50);

/** Four significant digits. */
export const round = (value: number) => Number(value.toPrecision(4));
