import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { EngineError } from '../../../engine/core/errors.ts';
import { readYaml } from '../../../engine/core/yaml-file.ts';
import { temporaryDir } from '../../support/pki.ts';

describe('readYaml', () => {
  let dir: string;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ dir, remove } = await temporaryDir());
  });
  afterEach(() => remove());

  async function read(text: string): Promise<unknown> {
    const path = join(dir, 'f.yaml');
    await writeFile(path, text);
    return readYaml(path, 'config_invalid').catch((error: unknown) => error);
  }

  it('reads what is there', async () => {
    expect(await read('a: [1, "2"]\nb: { c: true }\n')).to.deep.equal({ a: [1, '2'], b: { c: true } });
  });

  it('takes an empty file, or one with comments only, for an empty group', async () => {
    expect(await read('')).to.deep.equal({});
    expect(await read('# nothing\n')).to.deep.equal({});
  });

  const broken = {
    'a key twice': 'url: hunter2\nurl: hunter3\n',
    'a broken quote': 'url: "hunter2\nb: c\n',
    'an unknown alias': 'url: *hunter2\n',
    'a colon too much': 'a: b: hunter2\n',
    'a tab': 'a:\n\t- hunter2\n',
    'an alias bomb': `a: &a [x]\n${Array.from({ length: 30 }, (_, n) => `k${n}: &k${n} [${'*'}${n === 0 ? 'a' : `k${n - 1}`}, *${n === 0 ? 'a' : `k${n - 1}`}]`).join('\n')}\n`,
  };
  for (const [name, text] of Object.entries(broken)) {
    it(`refuses ${name} without showing the text`, async () => {
      const error = await read(text);
      expect(error).to.be.instanceOf(EngineError);
      expect((error as EngineError).code).to.equal('config_invalid');
      expect((error as EngineError).message).to.match(/^\/.*f\.yaml(:\d+:\d+)?: /);
      expect((error as EngineError).message).not.to.match(/hunter[23]/);
    });
  }

  it('says that a file is not there', async () => {
    const error = await readYaml(join(dir, 'none.yaml'), 'provision_invalid').catch((caught: unknown) => caught);
    expect((error as EngineError).message).to.match(/none\.yaml: cannot be read \(ENOENT\)$/);
    expect((error as EngineError).code).to.equal('provision_invalid');
  });
});
