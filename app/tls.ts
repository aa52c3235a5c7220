import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { EngineError } from '../engine/core/errors.ts';
import { loadIdentity } from '../engine/outbound/identity.ts';
import type { Base } from './base.ts';

/** Certificate and key of a server; both empty: a pair of its own in `dataDir/pki`. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Gives what a server needs for TLS 1.2 and later, read anew when a file has changed: a new certificate needs no
 * restart, and one that cannot be read leaves the last one in force, with a log line. Throws config_invalid at first.
 */
export async function loadTls({ config, log, clock }: Base, given: TlsFiles): Promise<() => SecureContext> {
  const dir = join(config.dataDir, 'pki');
  if (given.certificate === '') {
    await loadIdentity({ dir, name: 'server', commonName: config.identity.commonName, now: clock() });
  }
  const own = { certificate: join(dir, 'server.pem'), key: join(dir, 'server.key') };
  const files = given.certificate === '' ? own : given;
  let version = versionOf(files);
  let context = contextOf(files);

  return () => {
    try {
      const now = versionOf(files);
      if (now === version) return context;
      version = now;
      context = contextOf(files);
      log.info({ certificate: files.certificate }, 'tls certificate read again');
    } catch (err) {
      log.error({ err, certificate: files.certificate }, 'tls certificate not read again');
    }
    return context;
  };
}

/** Changes with the files: their time alone may be that of the old ones when they were copied or moved here. */
function versionOf({ certificate, key }: TlsFiles): string {
  const stats = [certificate, key].map((path) => statSync(path, { throwIfNoEntry: false }));
  return stats.map((stat) => `${stat?.mtimeMs} ${stat?.size} ${stat?.ino}`).join();
}

function contextOf({ certificate, key }: TlsFiles): SecureContext {
  try {
    return createSecureContext({
      cert: readFileSync(certificate),
      key: readFileSync(key),
      minVersion: 'TLSv1.2',
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new EngineError('config_invalid', `${certificate}: it and ${key} are no pair for TLS (${code})`);
  }
}
