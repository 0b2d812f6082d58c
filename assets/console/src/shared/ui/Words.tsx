import { Text, type TextProps } from '@mantine/core';

/** The most one shows at once of what somebody else wrote. */
const MOST = 20_000;

/** Foreign words as text and nothing else: no markup, direction kept inside, length bounded. */
export function Words({ children, ...rest }: TextProps & { children: string }) {
  const shown = children.length > MOST ? `${children.slice(0, MOST)} …` : children;
  return (
    <Text component="bdi" className="words" {...rest}>
      {shown}
    </Text>
  );
}
