import type { Db } from '../store/database.ts';
import { findRow, insertRows } from '../store/sql.ts';
import type { Translated } from './message-types.ts';

/** A provider of messages as the federation shows it (federation interface 1.3). */
export interface Provider {
  readonly messageProviderId: string;
  readonly messageProviderName: Translated;
  readonly messageProviderDescription: Translated;
  readonly messageProviderUrl: string;
  /** YYYY-MM-DD. */
  readonly messageProviderActivationDate: string;
  readonly messageProviderDeactivationDate?: string | undefined;
  readonly messageProviderTechnicalContact: string;
  readonly messageProviderPlannedMaintenance?:
    | readonly { readonly startDate: string; readonly endDate: string }[]
    | undefined;
  readonly apiSupportedVersion: string;
}

/** A change of what is said of a provider; what is not given stays. */
export type ProviderChange = Readonly<{ [K in keyof Provider]?: Provider[K] | undefined }>;

/** Every provider: this engine, as it was last changed. */
export async function providersOf(db: Db, own: Provider): Promise<Provider[]> {
  return [await current(db, own)];
}

/** The provider with this id; undefined when there is none. */
export async function findProvider(db: Db, own: Provider, id: string): Promise<Provider | undefined> {
  return id === own.messageProviderId ? current(db, own) : undefined;
}

/** Changes what is said of this engine as a provider, and gives what is said now. */
export async function changeProvider(tx: Db, own: Provider, changes: ProviderChange, now: Date): Promise<Provider> {
  const before = await findRow<ProviderRow>(tx, 'message_providers', { id: own.messageProviderId });
  const all = { ...(before ? JSON.parse(before.details) : {}), ...changes };
  const row = { id: own.messageProviderId, details: JSON.stringify(all), changed_at: now.toISOString() };
  await insertRows(tx, 'message_providers', [row], { key: ['id'] });
  return current(tx, own);
}

interface ProviderRow {
  readonly details: string;
}

async function current(db: Db, own: Provider): Promise<Provider> {
  const row = await findRow<ProviderRow>(db, 'message_providers', { id: own.messageProviderId });
  return { ...own, ...(row && JSON.parse(row.details)) };
}
