import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../engine/core/errors.ts';
import type { Service } from '../engine/core/service.ts';
import { lockFile, type Unlock } from '../engine/store/file-lock.ts';
import type { Base } from './base.ts';

/**
 * Keeps a second engine with an embedded broker away from the same `dataDir`: each would take the other's messages for
 * those of a dead one.
 */
export function createSoleService({ config: { dataDir } }: Base): Service {
  let unlock: Unlock | undefined;

  async function start(): Promise<void> {
    if (unlock) return;
    mkdirSync(dataDir, { recursive: true });
    unlock = lockFile(join(dataDir, 'engine.lock'));
    if (unlock) return;
    const remedy = 'stop it, or set broker.url to amqp://… and store.url to postgres://… for several';
    throw new EngineError(
      'config_invalid',
      `dataDir: another engine with an embedded broker runs on ${dataDir}: ${remedy}`,
    );
  }

  async function stop(): Promise<void> {
    unlock?.();
    unlock = undefined;
  }

  return { name: 'sole engine', start, stop };
}
