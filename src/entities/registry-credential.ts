import { Entity, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { newId, timestamp } from './columns.js';
import { Team } from './team.js';

/** A team's way into a private image registry. */
@ObjectType({ simpleResolvers: true, description: "A team's way into a private image registry; never its password." })
@Entity({ tableName: 'registry_credential' })
@Unique({ properties: ['teamId', 'registry'] })
export class RegistryCredential {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Field(() => ID)
  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  @Field()
  @Property({ type: 'text' })
  registry!: string;

  @Field()
  @Property({ type: 'text' })
  username!: string;

  @Property({ type: 'text' })
  sealedPassword!: string;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
