import { createHash, timingSafeEqual } from 'node:crypto';
import type { Db } from '../store/database.ts';
import { sshKeysOf } from './credentials.ts';
import { findSenderByLogin, mayConnect, type Sender } from './senders.ts';

/** A sender, and the registered line of the key that it came with. */
export interface Recognised extends Sender {
  readonly publicKey: string;
}

/**
 * Says whose login it is, when this very key is registered for it. The caller has the signature still to verify, with
 * the line that this gives back.
 */
export type Authenticate = (login: string, keyBlob: Buffer) => Promise<Recognised | undefined>;

const NOBODY = '000000';
const NOBODYS_KEY = `ssh-ed25519 ${Buffer.alloc(51).toString('base64')}`; // of the length of the usual ones

/**
 * Recognises a sender by login and SSH key. A login that does not exist costs the same look-ups and the same hashing as
 * one that does, and keys are compared in constant time, so that nobody learns which logins there are.
 */
export function createAuthenticate(db: Db, channel: string): Authenticate {
  return async (login, keyBlob) => {
    const sender = await findSenderByLogin(db, login);
    const lines = await sshKeysOf(db, sender?.number ?? NOBODY);
    const offered = digestOf(keyBlob);
    const candidates = lines.length > 0 ? lines : [NOBODYS_KEY];
    const [publicKey] = candidates.filter((line) => timingSafeEqual(digestOf(blobOf(line)), offered));
    return publicKey !== undefined && mayConnect(sender, channel) ? { ...sender, publicKey } : undefined;
  };
}

const digestOf = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

/** The key blob of one line in the format of authorized_keys: type, base64, comment. */
const blobOf = (line: string): Buffer => Buffer.from(line.trim().split(/\s+/)[1] ?? '', 'base64');
