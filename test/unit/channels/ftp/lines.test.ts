import { expect } from 'chai';
import { createLines, type Lines } from '../../../../channels/ftp/lines.ts';

const all = (lines: Lines): string[] => {
  const found: string[] = [];
  for (let line = lines.next(); line; line = lines.next()) {
    found.push(`${line.verb}|${line.argument.toString('latin1')}`);
  }
  return found;
};

describe('FTP command lines', () => {
  it('are cut wherever the bytes were, with CRLF or LF, and empty ones passed over', () => {
    const lines = createLines();
    for (const byte of Buffer.from('user me\r\n\r\nPASS a b \nnoop\r\n')) lines.push(Buffer.from([byte]));
    expect(all(lines)).to.deep.equal(['USER|me', 'PASS|a b ', 'NOOP|']);
  });

  it('keep every byte of an argument, a CR in its middle too', () => {
    const lines = createLines();
    lines.push(Buffer.from('STOR a\rb\x00\xe9\r\n', 'latin1'));
    expect(all(lines)).to.deep.equal(['STOR|a\rb\x00\xe9']);
  });

  it('lose what Telnet puts before ABOR', () => {
    const lines = createLines();
    lines.push(Buffer.from([0xff, 0xf4, 0xff, 0xf2, ...Buffer.from('ABOR\r\n')]));
    expect(all(lines)).to.deep.equal(['ABOR|']);
  });

  it('give up one that waits behind others, and forget everything when told to', () => {
    const lines = createLines();
    lines.push(Buffer.from('NOOP\r\nABOR\r\nQUIT\r\nUS'));
    expect([lines.remove('ABOR'), lines.remove('ABOR')]).to.deep.equal([true, false]);
    expect(lines.next()?.verb).to.equal('NOOP');
    lines.clear();
    lines.push(Buffer.from('ER me\r\n'));
    expect(all(lines)).to.deep.equal(['ER|me']);
  });

  it('are refused when they are too long or too many', () => {
    expect(() => createLines().push(Buffer.alloc(5_000, 0x41))).to.throw(/too long/);
    expect(() => createLines().push(Buffer.from(`${'A'.repeat(5_000)}\r\n`))).to.throw(/too long/);
    expect(() => createLines().push(Buffer.from('NOOP\r\n'.repeat(200)))).to.throw(/too many/);
    createLines().push(Buffer.from('\r\n'.repeat(100_000))); // nothing of it is kept
  });
});
