import type { Knex } from 'knex';

/** Blobs know when nothing may need them any more; a file that came zipped names the declaration that was in it. */
export async function growContent(tx: Knex): Promise<void> {
  await tx.schema.alterTable('blobs', (table) => {
    table.text('loose_since'); // null: a row needs it; else the collector looks at it after its grace
  });
  await tx.raw('create index blobs_loose on blobs (loose_since) where loose_since is not null');
  // the sweep asks which files are named; small content has none, so nearly no row is in these
  for (const table of ['blobs', 'folder_files']) {
    await tx.raw(`create index ${table}_file on ${table} (file) where file is not null`);
  }
  await tx.schema.alterTable('submission_files', (table) => {
    table.string('content_sha256', 64); // of the declaration in a ZIP; null when the file is the declaration
  });
  await nameDeclarations(tx);
}

interface FirstForm {
  readonly ticket: string;
  readonly part: number;
  readonly facts: string;
}

const PAGE = 500;

/** So far only the facts of the forms told what a ZIP had in it. */
async function nameDeclarations(tx: Knex): Promise<void> {
  for (let after = ''; ; ) {
    const submissions = await tx('submissions')
      .select('ticket')
      .where('ticket', '>', after)
      .orderBy('ticket')
      .limit(PAGE);
    const last = submissions.at(-1);
    if (!last) return;
    for (const form of await firstForms(tx, after, last.ticket)) await nameDeclaration(tx, form);
    after = last.ticket;
  }
}

/** One form of each part: all forms of a part tell the same. */
function firstForms(tx: Knex, after: string, upTo: string): Promise<FirstForm[]> {
  const first = tx('forms').select('ticket', 'part').min('form_index as form_index').groupBy('ticket', 'part');
  const ofPage = first.where('ticket', '>', after).andWhere('ticket', '<=', upTo).as('first');
  return tx('forms')
    .select('forms.ticket', 'forms.part', 'forms.facts')
    .join(ofPage, (on) => on.on('forms.ticket', 'first.ticket').andOn('forms.form_index', 'first.form_index'));
}

async function nameDeclaration(tx: Knex, { ticket, part, facts }: FirstForm): Promise<void> {
  const { contentSha256 } = JSON.parse(facts);
  if (typeof contentSha256 !== 'string') return;
  await tx('submission_files')
    .where({ ticket, part, role: 'FI' })
    .whereNot({ sha256: contentSha256 })
    .update({ content_sha256: contentSha256 });
}
