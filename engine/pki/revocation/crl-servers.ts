import { messageOf } from '../../core/errors.ts';
import { type Crl, readCrl } from './crl.ts';
import type { Download } from './download.ts';
import type { CrlSource } from './revocation.ts';

export interface CrlServersOptions {
  /** Fetched for every certificate, whatever it says. */
  readonly urls: readonly string[];
  /** Whether a URL that a certificate names may be followed. */
  readonly mayFollow: (url: string) => boolean;
  readonly download: Download;
  /** How long a server that failed, or served a stale list, is not asked again, in ms. */
  readonly askAgainMs: number;
}

type Outcome = { readonly list: Crl } | { readonly fault: string };

interface Kept {
  readonly outcome: Promise<Outcome>;
  /** Until when it is good; while it is on its way, for ever. */
  until: number;
}

const MOST_KEPT = 64;

/**
 * Lists from servers. Each is kept in this process until its next update is due, and fetched once however many ask; a server that
 * fails is left alone for a while.
 */
export function createCrlServers({ urls, mayFollow, download, askAgainMs }: CrlServersOptions): CrlSource {
  const kept = new Map<string, Kept>();

  function get(url: string, now: Date): Promise<Outcome> {
    const known = kept.get(url);
    if (known && now.getTime() < known.until) return known.outcome;
    const entry: Kept = { outcome: fetchList(url, download), until: Number.POSITIVE_INFINITY };
    kept.delete(url);
    if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value!);
    kept.set(url, entry);
    void entry.outcome.then((outcome) => {
      const next = 'list' in outcome ? (outcome.list.nextUpdate?.getTime() ?? 0) : 0;
      entry.until = Math.max(next, now.getTime() + askAgainMs);
    });
    return entry.outcome;
  }

  return {
    async listsFor({ distributionPoints }, now) {
      const named = distributionPoints.filter(({ indirect }) => !indirect).flatMap((point) => point.urls);
      const wanted = [...new Set([...urls, ...named.filter(mayFollow).slice(0, MOST_NAMED)])];
      const outcomes = await Promise.all(wanted.map((url) => get(url, now)));
      return {
        lists: outcomes.flatMap((outcome) => ('list' in outcome ? [outcome.list] : [])),
        faults: outcomes.flatMap((outcome) => ('fault' in outcome ? [outcome.fault] : [])),
      };
    },
  };
}

const MOST_NAMED = 4;

async function fetchList(url: string, download: Download): Promise<Outcome> {
  const got = await download(url);
  if ('fault' in got) return got;
  try {
    return { list: readCrl(got.bytes) };
  } catch (error) {
    return { fault: `${new URL(url).host} served no revocation list: ${messageOf(error)}` };
  }
}
