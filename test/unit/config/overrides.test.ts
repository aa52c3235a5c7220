import { expect } from 'chai';
import { loadConfig } from '../../../config/load.ts';
import { overridden } from '../../../config/overrides.ts';
import { EngineError } from '../../../engine/core/errors.ts';

describe('overrides of the configuration', () => {
  it('lay values in YAML over what the file says, the last of a key holds, and the file stays as it was', () => {
    const given = { channels: { sftp: { port: 2222, host: '127.0.0.1' } }, trust: { anchors: ['a'] } };
    const laid = overridden(given, [
      'channels.sftp.port=1',
      'channels.sftp.port=2223',
      'trust.anchors=[b, c]',
      'log.level=warn',
    ]);
    expect(laid).to.deep.equal({
      channels: { sftp: { port: 2223, host: '127.0.0.1' } },
      trust: { anchors: ['b', 'c'] },
      log: { level: 'warn' },
    });
    expect(given.channels.sftp.port).to.equal(2222);
  });

  it('are validated with the rest', async () => {
    const error = await loadConfig(undefined, {}, ['observe.prot=1']).catch((thrown: unknown) => thrown);
    expect((error as Error).message).to.include('observe.prot: unknown key, did you mean "port"?');
    expect((await loadConfig(undefined, {}, ['observe.port=0'])).observe.port).to.equal(0);
  });

  it('keep a value with an equals sign whole, and may give a key a whole group', () => {
    expect(overridden({}, ['store.url=postgres://h/d?options=-c%20x=y'])).to.deep.equal({
      store: { url: 'postgres://h/d?options=-c%20x=y' },
    });
    expect(overridden({ log: { level: 'info' } }, ['log={level: error}'])).to.deep.equal({ log: { level: 'error' } });
  });

  for (const wrong of ['', '=1', 'observe.port', 'a..b=1', '.a=1', 'observe.port=[1', '__proto__.x=1']) {
    it(`that are malformed are wrong use: ${JSON.stringify(wrong)}`, () => {
      expect(() => overridden({}, [wrong]))
        .to.throw(EngineError, /^--set/)
        .with.property('code', 'usage_wrong');
    });
  }
});
