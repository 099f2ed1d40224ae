import { Entity, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, timestamp } from './columns.js';
import { Service } from './service.js';
import type { WorkloadSpec } from './workload-spec.js';

/** What a deployment runs: immutable, numbered for each service, with the exact digest and the exact revisions of the variables. */
@Entity({ tableName: 'release' })
@Unique({ properties: ['serviceId', 'number'] })
export class Release {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => Service, mapToPk: true, fieldName: 'service_id' })
  serviceId!: string;

  @Property({ type: 'integer' })
  number!: number;

  /** `sha256:…`; null where the registry could not be asked (then the tag is pulled always, and what ran is recorded later). */
  @Property({ type: 'text', nullable: true })
  digest: string | null = null;

  @Property({ type: 'json' })
  spec!: WorkloadSpec;

  @Property({ type: 'json' })
  variableIds: string[] = [];

  /** Of the manifest that its pods are made from: equal hashes run the same. */
  @Property({ type: 'text', nullable: true })
  manifestHash: string | null = null;

  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
