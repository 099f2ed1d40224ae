import { Field, ObjectType } from 'type-graphql';

@ObjectType({ simpleResolvers: true, description: "The webhook of one service: put both into the repository's settings." })
export class ServiceWebhook {
  @Field()
  url!: string;

  @Field({ description: 'It is shown this once, and the one before ends with it.' })
  secret!: string;
}
