import { Field, ID, InputType } from 'type-graphql';
import { Bytes } from './bytes.scalar.js';

@InputType()
export class WebhookHeaderInput {
  @Field({ description: 'In small letters.' })
  name!: string;

  @Field()
  value!: string;
}

@InputType({ description: 'A delivery as it came: nothing of it is believed before its signature holds.' })
export class ForgeEventInput {
  @Field(() => ID, { nullable: true, description: "The service whose own secret it is signed with; else it is the installation's." })
  service?: string | null;

  @Field(() => [WebhookHeaderInput])
  headers!: WebhookHeaderInput[];

  @Field(() => Bytes)
  body!: Buffer;
}
