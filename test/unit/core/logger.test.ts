import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createLogger } from '../../../engine/core/logger.ts';

describe('the log', () => {
  it('writes of an error what it is and where, not what it carries', () => {
    const dir = mkdtempSync(join(tmpdir(), 'bode-log-'));
    try {
      const path = join(dir, 'log');
      const log = createLogger({ level: 'info', fd: openSync(path, 'a') });
      const carried = { detail: 'Failing row contains (85073003328)', input: 'postgres://bode:secret@host/db' };
      const err = Object.assign(new Error(`went wrong ${'x'.repeat(2_000)}`), { code: 'E42', ...carried });
      log.error({ err, password: 'hidden' }, 'failed');
      const line = readFileSync(path, 'utf8');
      expect(line).to.not.match(/85073003328|secret|hidden/);
      const { err: written } = JSON.parse(line);
      expect(written).to.include({ type: 'Error', code: 'E42' });
      expect(written.message).to.have.length(500);
      expect(written.place[0]).to.match(/logger\.test/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
