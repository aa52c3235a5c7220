import { Readable } from 'node:stream';
import { expect } from 'chai';
import { readUtf8 } from '../../../engine/core/utf8.ts';

async function read(...pieces: Buffer[]) {
  const { pieces: texts, wrongLine } = readUtf8(Readable.from(pieces));
  let text = '';
  for await (const piece of texts) text += piece;
  return { text, wrongLine: wrongLine() };
}

describe('text in UTF-8', () => {
  it('is read without its mark, wherever its bytes are cut', async () => {
    const text = 'Élodie\nÑandú 𝒳 Œ �\n';
    const bytes = Buffer.from(`\ufeff${text}`);
    for (let cut = 0; cut <= bytes.length; cut += 1)
      expect(await read(bytes.subarray(0, cut), bytes.subarray(cut)), String(cut)).to.deep.equal({
        ...{ text, wrongLine: undefined },
      });
    expect(await read(...[...bytes].map((byte) => Buffer.from([byte])))).to.include({ text });
  });

  it('is said to be wrong in the line of its first wrong byte, wherever its bytes are cut', async () => {
    for (const wrong of [[0xe9], [0xff], [0x80], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80]]) {
      const bytes = Buffer.concat([Buffer.from('é\né\né'), Buffer.from(wrong), Buffer.from('x\né\n')]);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        const { wrongLine } = await read(bytes.subarray(0, cut), bytes.subarray(cut));
        expect(wrongLine, `${wrong} cut at ${cut}`).to.equal(3);
      }
    }
    expect(await read(Buffer.from('a\n'), Buffer.from([0xc3]))).to.deep.equal({ text: 'a\n', wrongLine: 2 });
  });
});
