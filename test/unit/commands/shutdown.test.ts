import { once } from 'node:events';
import { expect } from 'chai';
import { silentLogger } from '../../../engine/core/logger.ts';
import type { Service } from '../../../engine/core/service.ts';
import { stopPatiently } from '../../../scripts/commands/shutdown.ts';

function aService(stop: () => Promise<void>): Service {
  return { name: 'test', start: async () => undefined, stop };
}

describe('stopPatiently', () => {
  const log = silentLogger();

  it('gives up nothing when the service stops in time', async () => {
    const over = new AbortController();
    await stopPatiently(
      aService(async () => undefined),
      { patienceMs: 60_000, over, log },
    );
    expect(over.signal.aborted).to.equal(false);
  });

  it('gives up the work in hand when patience is over, and then waits for the end of it', async () => {
    const over = new AbortController();
    let ended = false;
    const stop = async () => {
      await once(over.signal, 'abort');
      ended = true;
    };
    await stopPatiently(aService(stop), { patienceMs: 10, over, log });
    expect(ended).to.equal(true);
  });

  it('does not wait for ever for a service that hangs', async () => {
    const over = new AbortController();
    await stopPatiently(
      aService(() => new Promise(() => undefined)),
      { patienceMs: 10, over, log },
    );
    expect(over.signal.aborted).to.equal(true);
  });
});
