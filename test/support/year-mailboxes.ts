import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { XMLParser } from 'fast-xml-parser';
import { silentLogger } from '../../engine/core/logger.ts';
import { createBlobStore } from '../../engine/store/blobs.ts';
import type { PreparedEngine } from './engine.ts';
import type { Expected } from './year-expected.ts';

/** A document as it lies in a mailbox, read from its XML: its lines counted and added up one by one. */
export interface Arrived extends Expected {
  readonly receivedAt: string;
  /** Where its own totals, or its own authority, differ from these. */
  readonly fault: string;
}

type Line = Readonly<Record<string, string>>;
const parser = new XMLParser({ parseTagValue: false, ignoreAttributes: false, isArray: (name) => name === 'Line' });

/** Looks into all mailboxes as the year goes on: what expires is not there at its end. */
export interface MailboxReader {
  /** Reads what is new. */
  look(): Promise<void>;
  /** Every document that was there. */
  seen(): readonly Arrived[];
}

/** Creates a reader that has seen nothing yet. */
export function createMailboxReader({ db, config }: PreparedEngine): MailboxReader {
  const blobs = createBlobStore({ dir: join(config.dataDir, 'blobs'), log: silentLogger() });
  const seen = new Map<string, Arrived>();

  async function look(): Promise<void> {
    const rows = await db('mailbox_messages as m')
      .join('mailboxes as b', 'b.id', 'm.mailbox')
      .join('attachments as a', 'a.message_id', 'm.message_id')
      .where('a.file_name', 'like', '%.xml')
      .select('b.ebox_id', 'm.received_at', 'm.message_type', 'm.message_id', 'a.sha256');
    for (const row of rows) {
      const key = `${row.ebox_id} ${row.message_id}`;
      if (seen.has(key)) continue;
      const { List } = parser.parse(await text(await blobs.read(db, row.sha256)));
      const own = added(List.Lines.Line ?? []);
      seen.set(key, {
        ...{ list: List.Name, type: row.message_type, period: List.Period, authority: row.ebox_id },
        ...{ ...own, slot: List.DueAt, receivedAt: row.received_at, fault: faultOf(row.ebox_id, List, own) },
      });
    }
  }

  return { look, seen: () => [...seen.values()] };
}

function added(lines: readonly Line[]) {
  const cents = lines.map(({ Sign, Amount = '0' }) => (Sign === '-' ? -Number(Amount) : Number(Amount)));
  return {
    lines: lines.length,
    corrections: lines.filter((line) => line['@_correctionOf'] !== undefined).length,
    cents: cents.reduce((sum, one) => sum + one, 0),
  };
}

type Own = { readonly Authority: string; readonly Totals: Readonly<Record<string, string | Line>> };

function faultOf(authority: string, { Authority, Totals }: Own, own: ReturnType<typeof added>): string {
  const total = Totals['Total'] as Line | undefined;
  const said = [Authority, Totals['LineCount'], Totals['CorrectionCount'], total?.['#text'] ?? '0'].join(' ');
  const counted = [authority, own.lines, own.corrections, own.cents].join(' ');
  return said === counted ? '' : `${said} instead of ${counted}`;
}

const WIDTHS = [1, 5, 6, 11, 2, 11, 12, 1, 8, 8, 6, 1, 8, 1, 30];

/** The fields of a record of protocol §3.2, cut by its widths, as they were sent. */
export function statementLine(record: string): string {
  const characters = [...record];
  return WIDTHS.map((width) => characters.splice(0, width).join('').trim()).join('|');
}
