import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { timestamp } from './columns.js';

/** A change that its client named with a key, and its first answer. Neither the key nor the input can be read from it. */
@Entity({ tableName: 'idempotent_call' })
export class IdempotentCall {
  /** HMAC of whose key it is and of the key. */
  @PrimaryKey({ type: 'text' })
  keyHash!: string;

  /** HMAC of what was asked for. */
  @Property({ type: 'text' })
  inputHash!: string;

  /** Sealed like a secret: an answer may hold a token. */
  @Property({ type: 'text' })
  sealedAnswer!: string;

  @Property({ ...timestamp, index: true })
  expiresAt!: Date;
}
