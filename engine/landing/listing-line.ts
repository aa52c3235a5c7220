/** What one line of a listing shows. */
export interface ListedEntry {
  readonly name: string;
  /** Ten characters, as `ls -l` has them: `-rw-------`. */
  readonly mode: string;
  readonly size: number;
  readonly modifiedAt: Date;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const HALF_YEAR_MS = 182 * 86_400_000;

/** The line that `ls -l` would print of an entry; client programs take it apart. */
export function listingLine({ name, mode, size, modifiedAt }: ListedEntry, sender: string, now: Date): string {
  const owner = sender.padEnd(8);
  return `${mode}    1 ${owner} ${owner} ${String(size).padStart(8)} ${timeOf(modifiedAt, now)} ${name}`;
}

/** `Nov 22 08:50`, or `Nov 22  2025` when it is more than half a year away, as `ls` does; UTC. */
function timeOf(at: Date, now: Date): string {
  const day = `${MONTHS[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)}`;
  const recent = Math.abs(now.getTime() - at.getTime()) < HALF_YEAR_MS;
  return recent ? `${day} ${at.toISOString().slice(11, 16)}` : `${day}  ${at.getUTCFullYear()}`;
}
