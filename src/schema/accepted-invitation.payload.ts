import { Field, ObjectType } from 'type-graphql';
import { Account } from '../entities/account.js';
import { Team } from '../entities/team.js';

/** Who came, where to, and the first token. */
@ObjectType({ simpleResolvers: true, description: 'Who came, where to, and the first token, which is shown this once.' })
export class AcceptedInvitation {
  @Field(() => Account)
  account!: Account;

  @Field(() => Team)
  team!: Team;

  @Field({ description: 'The secret: send it as `Authorization: Bearer …`.' })
  token!: string;
}
