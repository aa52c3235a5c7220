import { expect } from 'chai';
import { looksLike, type MediaType, mediaTypeIn } from '../../../engine/mailboxes/media-types.ts';

/** The local header of a ZIP's first entry, and what is stored in it. */
function zip(name: string, content = ''): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32BE(0x504b0304, 0);
  header.writeUInt16LE(Buffer.byteLength(name), 26);
  return Buffer.concat([header, Buffer.from(name), Buffer.from(content)]);
}

const ODT = 'application/vnd.oasis.opendocument.text';
const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const FILES: Readonly<Record<string, Buffer>> = {
  pdf: Buffer.from('%PDF-1.7\n'),
  zip: zip('a.txt'),
  odt: zip('mimetype', ODT),
  docx: zip('word/document.xml'),
  doc: Buffer.from('d0cf11e0a1b11ae1', 'hex'),
  text: Buffer.from('é;b\n'),
  xml: Buffer.from('\ufeff <?xml version="1.0"?><a/>'),
  wide: Buffer.from('fffe3c006100', 'hex'),
  exe: Buffer.from('MZ\x90'),
  empty: Buffer.alloc(0),
  binary: Buffer.from([1, 0, 2]),
};

describe('media types by content', () => {
  const CASES: readonly [MediaType, readonly string[]][] = [
    ['application/pdf', ['pdf']],
    ['application/zip', ['zip', 'odt', 'docx']],
    [ODT, ['odt']],
    [DOCX, ['docx']],
    ['application/msword', ['doc']],
    ['text/plain', ['text', 'xml', 'wide', 'empty']],
    ['text/csv', ['text', 'xml', 'wide', 'empty']],
    ['text/xml', ['xml', 'wide']],
    ['text/html', ['xml', 'wide']],
  ];
  for (const [type, names] of CASES) {
    it(`${type} may be ${names.join(', ')} and nothing else`, () => {
      const like = Object.entries(FILES).filter(([, head]) => looksLike(type, head));
      expect(like.map(([name]) => name)).to.deep.equal(names);
    });
  }

  it('are read from a header, whatever follows', () => {
    expect(mediaTypeIn('Text/CSV; charset=utf-8')).to.equal('text/csv');
    expect(mediaTypeIn('application/xml')).to.equal('text/xml');
    expect(mediaTypeIn('application/javascript')).to.equal(undefined);
    expect(mediaTypeIn('')).to.equal(undefined);
  });
});
