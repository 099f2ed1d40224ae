import { Field, ID, ObjectType } from 'type-graphql';
import { Role } from '../entities/roles.js';
import { TokenKind } from '../entities/token.js';

@ObjectType({ simpleResolvers: true, description: 'A new token with its secret, which is shown this once.' })
export class CreatedToken {
  @Field(() => ID)
  id!: string;

  @Field({ description: 'The secret: send it as `Authorization: Bearer …`.' })
  token!: string;

  @Field(() => TokenKind)
  kind!: TokenKind;

  @Field()
  name!: string;

  @Field(() => [String])
  scopes!: string[];

  @Field(() => Date, { nullable: true })
  expiresAt!: Date | null;

  @Field(() => ID, { nullable: true })
  teamId!: string | null;

  @Field(() => ID, { nullable: true })
  serviceId!: string | null;

  @Field(() => Role, { nullable: true })
  role!: Role | null;
}
