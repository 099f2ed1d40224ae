import { Entity, Index, OneToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { newId, timestamp } from './columns.js';
import { Deployment } from './deployment.js';
import { Preview } from './preview.js';

/**
 * What the forge is still to be told: of a deployment (a commit status) or of a preview (the comment on its pull request).
 * Written by triggers in the transaction of what it tells of. It says only that there is news; whoever sends it reads
 * the rows afresh. `generation` grows with each news, so that none is lost that comes while the one before is sent.
 */
@Entity({ tableName: 'forge_report' })
@Index({ name: 'forge_report_due', expression: 'create index forge_report_due on forge_report (due_at) where generation > sent_generation' })
export class ForgeReport {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @OneToOne({ entity: () => Deployment, mapToPk: true, fieldName: 'deployment_id', nullable: true, deleteRule: 'cascade', unique: true })
  deploymentId: string | null = null;

  @OneToOne({ entity: () => Preview, mapToPk: true, fieldName: 'preview_id', nullable: true, deleteRule: 'cascade', unique: true })
  previewId: string | null = null;

  @Property({ type: 'integer' })
  generation: number = 1;

  /** The generation that the forge knows. */
  @Property({ type: 'integer' })
  sentGeneration: number = 0;

  @Property({ type: 'integer' })
  attempts: number = 0;

  /** Not before; while it is being sent, until when nobody else may. */
  @Property({ ...timestamp })
  dueAt: Date = new Date();

  /** Why it was not sent yet, or never will be. */
  @Property({ type: 'text', nullable: true })
  message: string | null = null;
}
