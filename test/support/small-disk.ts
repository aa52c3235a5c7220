import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { servicesRequired } from './services.ts';

/** A file system of its own that a test may fill. */
export interface SmallDisk {
  readonly dir: string;
  /** Fills it until at most `leave` bytes are free. */
  fill(leave: number): Promise<void>;
  /** Takes away what `fill` put there. */
  empty(): Promise<void>;
  free(): Promise<number>;
  remove(): Promise<void>;
}

const PIECE = 4_096;

/**
 * Defines tests that fill a disk of their own. Where this process may not mount one, and nothing is to be left out, a
 * test that fails and says so takes their place.
 */
export function withSmallDisks(title: string, define: () => void): void {
  if (canMount()) define();
  else if (servicesRequired()) {
    it(`${title}: a tmpfs can be mounted`, () => {
      throw new Error('a tmpfs cannot be mounted here: run as root, outside a container that forbids it');
    });
  }
}

/** True when this process may mount one: as root, and not in a container that forbids it. */
function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  const dir = mkdtempSync(join(tmpdir(), 'bode-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'bode-test', dir], { stdio: 'ignore' });
    execFileSync('umount', [dir], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(dir);
  }
}

/** Mounts a disk of `mebibytes` in memory. */
export function mountSmallDisk(mebibytes: number): SmallDisk {
  const dir = mkdtempSync(join(tmpdir(), 'bode-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'bode-test', dir]);
  const filler = join(dir, 'filler');

  async function free(): Promise<number> {
    const { bavail, bsize } = await statfs(dir);
    return bavail * bsize;
  }

  async function fill(leave: number): Promise<void> {
    const handle = await open(filler, 'a');
    try {
      for (let left = (await free()) - leave; left > 0; left = (await free()) - leave) {
        await handle.appendFile(Buffer.alloc(left > 2 ** 20 ? 2 ** 20 : PIECE, 1));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await handle.close();
    }
  }

  return {
    dir,
    fill,
    free,
    empty: () => rm(filler, { force: true }),
    async remove() {
      execFileSync('umount', ['--lazy', dir]);
      rmdirSync(dir);
    },
  };
}
