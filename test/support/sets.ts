import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileDate } from '../../engine/core/calendar.ts';
import { bode } from './command-line.ts';
import { aDeclaration } from './declarations.ts';
import type { PreparedEngine } from './engine.ts';
import type { TestClient } from './sender.ts';

/** The files of one submission, in the directory of their sender. */
export interface PreparedSet {
  readonly stem: string;
  readonly fi: string;
  readonly fs: string;
  readonly go: string;
  /** The commands that send all of it, GO last. */
  readonly batch: string;
}

export interface SetOptions {
  readonly sender?: string;
  /** Five characters; makes the stem. */
  readonly sequence: string;
  /** Persons in its one form, 1 by default; about 2 KiB each. */
  readonly persons?: number;
}

/** Writes and signs a DmfA with one form of enterprise 0206731645; nothing is sent yet. */
export async function prepareSet(client: TestClient, options: SetOptions): Promise<PreparedSet> {
  const { sender = '123456', sequence, persons = 1 } = options;
  const stem = `DMFA.${sender}.${fileDate(new Date())}.${sequence}.R`;
  const [fi, fs, go] = [`FI.${stem}.1.1`, `FS.${stem}.1.1`, `GO.${stem}.1`];
  await client.write(fi, aDeclaration({ forms: [{ companyId: '0206731645', persons }] }));
  await client.sign(fi);
  await client.write(go, '');
  return { stem, fi, fs, go, batch: [fi, fs, go].map((name) => `put ${join(client.dir, name)} IN/\n`).join('') };
}

/** What a sender has got for one of its submissions. */
export interface Answer {
  readonly ticket: string;
  readonly resultCode: string;
  readonly errors: readonly string[];
  /** The file that the receipt is, and its bytes. */
  readonly file: string;
  readonly receipt: string;
  readonly notifications: number;
}

/** Fetches OUT and gives the answers by the name of their GO; fails when one has two receipts, or an answer is not whole. */
export async function answersOf(client: TestClient): Promise<Map<string, Answer>> {
  const { dir, names } = await client.fetched();
  for (const kind of ['FS', 'GO']) expect(stemsOf(names, kind), kind).to.deep.equal(stemsOf(names, 'FO'));
  const ofGoal = (goal: string) => names.filter((name) => name.startsWith(`FO.${goal}.`));
  const text = (name: string) => readFile(join(dir, name), 'utf8');
  const notifications = await Promise.all(ofGoal('NOTI').map(text));
  const answers = new Map<string, Answer>();
  for (const file of ofGoal('ACRF')) {
    const receipt = await text(file);
    const [go, ticket, resultCode] = ['FileName', 'ReferenceNbr', 'ResultCode'].map(
      (tag) => valuesOf(receipt, tag)[0] ?? '',
    );
    expect(answers.has(go ?? ''), `a second receipt for ${go}`).to.equal(false);
    const errors = valuesOf(receipt, 'ErrorID').map((code) => code.replace('ACRF-', ''));
    const mine = notifications.filter((xml) => xml.includes(ticket ?? ''));
    answers.set(go ?? '', { ticket, resultCode, errors, file, receipt, notifications: mine.length } as Answer);
  }
  return answers;
}

const valuesOf = (xml: string, tag: string) =>
  [...xml.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, 'g'))].map(([, value]) => value ?? '');

function stemsOf(names: readonly string[], kind: string): string[] {
  return names.filter((name) => name.startsWith(`${kind}.`)).map((name) => name.slice(kind.length));
}

/**
 * Fails unless each set has exactly one positive receipt and one notification in OUT and one message in the mailbox, and
 * nothing else is there. Asks only what a sender and an operator can see. Gives the answers.
 */
export async function expectOneOfEach(
  engine: Pick<PreparedEngine, 'configFile' | 'dir'>,
  client: TestClient,
  sets: readonly Pick<PreparedSet, 'go'>[],
): Promise<Map<string, Answer>> {
  const answers = await answersOf(client);
  expect([...answers.keys()].sort()).to.deep.equal(sets.map(({ go }) => go).sort());
  const others = [...answers].filter(([, { resultCode, notifications }]) => resultCode !== '1' || notifications !== 1);
  expect(others, 'submissions without one positive receipt and one notification').to.deep.equal([]);
  const tickets = [...answers.values()].map(({ ticket }) => ticket);
  expect((await ticketsInMailbox(engine)).sort(), 'messages in the mailbox').to.deep.equal(tickets.sort());
  return answers;
}

/** The ticket of each message in the mailbox of enterprise 0206731645. */
async function ticketsInMailbox({ configFile, dir }: Pick<PreparedEngine, 'configFile' | 'dir'>): Promise<string[]> {
  const options = ['--limit', '10000', '--json', '--config', configFile];
  const { status, stdout, stderr } = await bode(['mailbox', '0206731645', ...options], dir);
  expect(status, stderr).to.equal(0);
  return JSON.parse(stdout).items.map(({ ticket }: { ticket: string }) => ticket);
}
