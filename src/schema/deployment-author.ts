import { Field, ID, ObjectType } from 'type-graphql';

@ObjectType({ simpleResolvers: true, description: 'Who asked for a deployment; there is none where the system did.' })
export class DeploymentAuthor {
  @Field(() => ID, { nullable: true, description: 'Null for a machine.' })
  accountId!: string | null;

  @Field({ description: 'Of the person, else of the machine\'s token.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'Name of the token that was used.' })
  token!: string | null;
}
