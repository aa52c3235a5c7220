import { createHash } from 'node:crypto';
import { LANGUAGES } from '../registry/organisations.ts';
import { audit } from '../store/audit.ts';
import type { BlobRef, BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import type { Composed, ComposedFile } from './compose.ts';
import type { ListDefinition, Texts } from './definition.ts';
import { addDocument } from './documents.ts';
import type { ListRun } from './runs.ts';

/** A file of a document, kept in the store. */
export interface PublishedFile extends Omit<ComposedFile, 'content'> {
  readonly content: BlobRef;
}

/** A document on its way to an authority. */
export interface Publication {
  /** At most 40 characters; the same document has the same one whenever it is published. */
  readonly id: string;
  readonly authority: string;
  readonly mailboxType: 'enterprise' | 'institution';
  readonly messageType: string;
  readonly subject: Texts;
  /** The first is the main one. */
  readonly files: readonly PublishedFile[];
  readonly out: ListDefinition['out'];
}

/** How documents reach authorities; each works in the caller's transaction, and twice as once. */
export interface Delivery {
  /** Puts a message with the files in the authority's mailbox. */
  publish(tx: Db, publication: Publication, now: Date): Promise<void>;
  /** Has a file placed as a signed trio in the OUT folders of the authority, if it is a sender. */
  place(tx: Db, publication: Publication, now: Date): Promise<void>;
}

export interface PublishRequest {
  readonly definition: ListDefinition;
  readonly run: Pick<ListRun, 'list' | 'period'>;
  readonly authority: string;
  readonly version: number;
  readonly composed: Composed;
  readonly now: Date;
}

/**
 * Keeps a document and delivers it, all in the caller's transaction. False when this version has been published
 * before: by an earlier attempt at the run, or by another process.
 */
export async function publish(tx: Db, blobs: BlobStore, delivery: Delivery, request: PublishRequest): Promise<boolean> {
  const { definition, run, authority, version, composed, now } = request;
  const { list, period } = run;
  const id = idOf(request);
  const contents = await blobs.keepAll(
    tx,
    composed.files.map(({ content }) => content),
  );
  const files = composed.files.map((file, index) => ({ ...file, content: contents[index] as BlobRef }));
  const kept = files.map(({ format, name, content }) => ({ format, name, ...content }));
  const document = {
    list,
    period: period.name,
    authority,
    version,
    totals: composed.totals,
    messageId: id,
    files: kept,
  };
  if (!(await addDocument(tx, document, now))) return false;
  const publication: Publication = {
    ...{ id, authority, mailboxType: composed.authority?.mailboxType ?? 'enterprise' },
    ...{ messageType: definition.messageType, subject: subjectOf(request), files, out: definition.out },
  };
  await delivery.publish(tx, publication, now);
  await delivery.place(tx, publication, now);
  const { lines, corrections, sums } = composed.totals;
  const facts = { version, lines, corrections, sums };
  const subject = `${list} ${period.name} ${authority}`;
  await audit(tx, { at: now, who: 'engine', what: 'list published', subject, outcome: `version ${version}`, facts });
  return true;
}

/** Of a run, an authority and a version, always the same. */
function idOf({ run: { list, period }, authority, version }: PublishRequest): string {
  const key = [list, period.name, authority, version].join('\n');
  return `list-${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;
}

const REPLACES: Texts = {
  nl: 'vervangt de vorige',
  fr: 'remplace la précédente',
  de: 'ersetzt die vorige',
  en: 'replaces the earlier one',
};

function subjectOf({ definition, run, version }: PublishRequest): Texts {
  const texts = LANGUAGES.map((language) => {
    const title = `${definition.texts[language]} ${run.period.name}`;
    return [language, version === 1 ? title : `${title} (${REPLACES[language]})`];
  });
  return Object.fromEntries(texts) as Texts;
}
