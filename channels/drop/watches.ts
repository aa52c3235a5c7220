import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../engine/core/logger.ts';
import type { FolderName } from '../../engine/landing/folders.ts';
import type { SenderDirectory } from './sender-directory.ts';

/** Tells of changes in a sender's folders. Events may be lost: whoever relies on them must look by himself, too. */
export interface Watches {
  /** Watches the folders as they are now; those watched already cost a look. */
  keep(directory: SenderDirectory): Promise<void>;
  close(): void;
}

interface Watched {
  readonly watcher: FSWatcher;
  readonly inode: number;
}

/** Creates watches below `path`; nothing is watched before `keep`. */
export function createWatches(path: string, onChange: (folder: FolderName) => void, log: Logger): Watches {
  const watched = new Map<FolderName, Watched>();
  let said = false;

  function drop(folder: FolderName): void {
    watched.get(folder)?.watcher.close();
    watched.delete(folder);
  }

  function begin(folder: FolderName, inode: number): void {
    try {
      const watcher = watch(join(path, folder), { persistent: false }, () => onChange(folder));
      watcher.on('error', () => drop(folder)); // it is made again at the next look
      watched.set(folder, { watcher, inode });
    } catch (err) {
      if (!said) log.warn({ err, folder }, 'drop folder not watched: it is looked at from time to time');
      said = true;
    }
  }

  return {
    async keep({ folders }) {
      for (const [folder, directory] of folders) {
        const { ino } = await directory.stat();
        if (watched.get(folder)?.inode === ino) continue;
        drop(folder);
        begin(folder, ino);
      }
    },
    close() {
      for (const folder of [...watched.keys()]) drop(folder);
    },
  };
}
