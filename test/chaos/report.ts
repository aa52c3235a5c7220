import type { Count } from './compare.ts';
import type { BegunFault } from './inject.ts';

/** What a run says while it goes on and at its end; as text, or one JSON object a line. */
export interface Report {
  say(text: string): void;
  fault(fault: BegunFault): void;
  counts(counts: readonly Count[]): void;
  end(seed: number, problems: readonly string[]): void;
}

/** A report that hands its lines to `write`. */
export function createReport(write: (line: string) => void, json: boolean): Report {
  return json ? jsonReport(write) : textReport(write);
}

/** A report that nobody reads. */
export const silentReport = (): Report => createReport(() => undefined, true);

const TIME_WIDTH = 7;

function textReport(write: (line: string) => void): Report {
  return {
    say: write,
    fault({ beganMs, kind, target, forMs }) {
      const at = (beganMs / 1000).toFixed(1).padStart(TIME_WIDTH);
      write(`${at} s  ${kind.padEnd(10)}  ${target}${forMs > 0 ? `  for ${(forMs / 1000).toFixed(1)} s` : ''}`);
    },
    counts(counts) {
      const width = Math.max(...counts.map(({ what }) => what.length));
      for (const { what, expected, found } of counts)
        write(`${what.padEnd(width)}  ${expected.padStart(8)}  ${String(found).padStart(8)}`);
    },
    end(seed, problems) {
      for (const problem of problems) write(`!! ${problem}`);
      const [first] = problems.map((problem) => problem.split('\n')[0]);
      const more = problems.length > 1 ? ` and ${problems.length - 1} more` : '';
      write(`chaos seed ${seed}: ${first === undefined ? 'OK' : `FAILED: ${first}${more}`}`);
    },
  };
}

function jsonReport(write: (line: string) => void): Report {
  const line = (event: string, facts: object) => write(JSON.stringify({ event, ...facts }));
  return {
    say: (text) => line('note', { text }),
    fault: (fault) => line('fault', fault),
    counts: (counts) => line('counts', { counts }),
    end: (seed, problems) => line('end', { seed, ok: problems.length === 0, problems }),
  };
}
