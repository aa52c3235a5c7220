import { expect } from 'chai';
import { packageRoot } from '../../config/package-root.ts';
import { checkTree, violationsOf } from '../../scripts/check-layers.ts';

describe('the dependency rule', () => {
  it('holds in the whole tree', () => {
    expect(checkTree(packageRoot())).to.deep.equal([]);
  });

  it('refuses an import that points up, sideways, or to a package away from its home', () => {
    const refused = (file: string, target: string) => violationsOf(file, [target]).map(({ reason }) => reason);
    expect(refused('engine/store/once.ts', '../broker/outbox.ts')).to.have.length(1);
    expect(refused('engine/landing/upload.ts', '../registry/senders.ts')).to.have.length(1);
    expect(refused('channels/sftp/server.ts', '../ftp/server.ts')).to.have.length(1);
    expect(refused('engine/pipelines/forms.ts', 'amqplib')).to.have.length(1);
    expect(refused('engine/intake/receive.ts', '../store/database.ts')).to.deep.equal([]);
  });
});
