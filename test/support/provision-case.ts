import { join } from 'node:path';
import { expect } from 'chai';
import { EngineError } from '../../engine/core/errors.ts';
import { type Change, provision } from '../../engine/registry/provision.ts';
import type { Db } from '../../engine/store/database.ts';
import { openTestStore, type StoreKind } from './database.ts';
import { temporaryDir } from './pki.ts';
import { writeMaterials, writePlan } from './provisioning.ts';

export const NOW = new Date('2026-06-01T00:00:00Z');
export const GOALS = ['DMFA', 'DIMN'];
const TABLES = ['organisations', 'qualities', 'senders', 'sender_keys', 'sender_certificates', 'mandates'];

/** An empty store and a directory with a key and a certificate, for tests of provisioning. */
export interface ProvisionCase {
  readonly db: Db;
  readonly dir: string;
  apply(...organisations: unknown[]): Promise<Change[]>;
  /** The mistakes in a file, one a line, without its name; fails when they changed anything in the store. */
  mistakesIn(...organisations: unknown[]): Promise<string[]>;
  /** Every row of the registry. */
  everything(): Promise<unknown>;
  close(): Promise<void>;
}

/** Opens a case on a store of its own. */
export async function openProvisionCase(kind: StoreKind): Promise<ProvisionCase> {
  const { dir, remove } = await temporaryDir();
  await writeMaterials(dir);
  const store = await openTestStore(kind);
  const { db } = store;

  async function apply(...organisations: unknown[]): Promise<Change[]> {
    return provision(db, await writePlan(dir, organisations), NOW, { goals: GOALS });
  }

  async function everything(): Promise<unknown> {
    const rows = [];
    for (const table of TABLES) rows.push([table, await db(table).select()]);
    return rows;
  }

  async function mistakesIn(...organisations: unknown[]): Promise<string[]> {
    const before = await everything();
    const error = await apply(...organisations).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(EngineError);
    expect((error as EngineError).code).to.equal('provision_invalid');
    expect(await everything(), 'a bad file changes nothing').to.deep.equal(before);
    return (error as EngineError).message.split('\n').map((line) => line.replace(`${join(dir, 'plan.yaml')}: `, ''));
  }

  const close = () => store.close().then(remove);
  return { db, dir, apply, mistakesIn, everything, close };
}
