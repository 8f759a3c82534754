/** Numbers, sizes and times as people read them. Pure: no clock, and no time zone but the one that is passed or the reader's. */

export function formatNumber(value: number | bigint): string {
  return integers.format(value);
}

/** 1,234 → "1.2k": for places with no room. */
export function formatCompact(value: number | bigint): string {
  return compact.format(value).replace("K", "k");
}

/** A share from 0 to 1. A tenth of a percent is kept where it tells something from nothing, or almost all from all. */
export function formatPercent(share: number): string {
  const percent = share * 100;
  const isTelling = (percent > 0 && percent < 10) || (percent > 99 && percent < 100);
  return `${isTelling ? oneDecimal.format(Math.min(percent, percent < 100 ? 99.9 : percent)) : Math.round(percent)}%`;
}

/** Powers of 1,000, as disks and carriers count. */
export function formatBytes(bytes: number | bigint): string {
  return scale(Number(bytes), ["B", "kB", "MB", "GB", "TB", "PB", "EB"]);
}

/** Bytes a second, shown in bits, as links are sold. */
export function formatRate(bytesPerSecond: number | bigint): string {
  return scale(Number(bytesPerSecond) * 8, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"]);
}

/** The two largest units that matter: "38 ms", "1.2 s", "4 min 10 s", "2 h 14 min", "3 d 4 h". */
export function formatDuration(ms: number): string {
  if (ms < 0) return `−${formatDuration(-ms)}`;
  if (ms < 1) return ms === 0 ? "0 ms" : "<1 ms";
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${oneDecimal.format(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return pair(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.floor(minutes / 60);
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** "just now", "12 s ago", "in 3 h"; a date once it is a month away. */
export function formatRelative(date: Date, now: Date, timeZone?: string): string {
  const ms = date.getTime() - now.getTime();
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds < 3) return "just now";
  if (seconds >= 30 * 86_400) return formatDate(date, timeZone);
  const amount =
    seconds < 60
      ? `${seconds} s`
      : seconds < 3600
        ? `${Math.floor(seconds / 60)} min`
        : seconds < 86_400
          ? `${Math.floor(seconds / 3600)} h`
          : `${Math.floor(seconds / 86_400)} d`;
  return ms < 0 ? `${amount} ago` : `in ${amount}`;
}

/** "22 Nov 2026" */
export function formatDate(date: Date, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone })
    .format(date)
    .replace("Sept", "Sep");
}

/** "22 Nov 2026, 05:31:07" */
export function formatDateTime(date: Date, timeZone?: string): string {
  return `${formatDate(date, timeZone)}, ${formatTime(date, timeZone)}`;
}

/** "14:30" where that is today, else "23 Nov, 14:30", with the year where it is another: for what ends then. */
export function formatUntil(date: Date, now: Date, timeZone?: string): string {
  const time = formatTime(date, timeZone).slice(0, 5);
  const [day, today] = [formatDate(date, timeZone), formatDate(now, timeZone)];
  const thisYear = today.slice(-5);
  return day === today ? time : `${day.endsWith(thisYear) ? day.slice(0, -thisYear.length) : day}, ${time}`;
}

/** "05:31:07" */
export function formatTime(date: Date, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZone,
  }).format(date);
}

/** "22 Nov 2026, 05:31 UTC": the same on the server and in every browser. */
export function formatUtc(date: Date): string {
  return `${formatDate(date, "UTC")}, ${formatTime(date, "UTC").slice(0, 5)} UTC`;
}

/** "1 gateway", "2 gateways" */
export function plural(count: number | bigint, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 || count === 1n ? one : many}`;
}

/** The two ends of an id or a fingerprint. */
export function shorten(text: string, head = 8, tail = 4): string {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(text.length - tail)}`;
}

function scale(value: number, units: readonly string[]): string {
  let rest = Math.abs(value);
  let unit = 0;
  // From there on it would be rounded to 1,000 of the smaller unit.
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  const sign = value < 0 ? "−" : "";
  return `${sign}${unit === 0 || rest >= 99.95 ? Math.round(rest) : oneDecimal.format(rest)} ${units[unit]}`;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

const integers = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
