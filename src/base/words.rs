//! The words of a text, for comparing what people say.

/// Small letters and digits, without punctuation and apostrophes.
pub fn normal_words(text: &str) -> Vec<String> {
    let kept: String = text.to_lowercase().chars().map(|c| if c.is_alphanumeric() || c == '\'' || c == '’' { c } else { ' ' }).collect();
    kept.split_whitespace().map(|word| word.replace(['\'', '’'], "")).filter(|word| !word.is_empty()).collect()
}

/// Whether the words have this phrase in them, word after word.
pub fn contains_run(said: &[String], phrase: &[String]) -> bool {
    said.windows(phrase.len().max(1)).any(|run| run == phrase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_without_case_and_punctuation() {
        assert_eq!(normal_words("Uh-huh, I’m HERE! 12"), ["uh", "huh", "im", "here", "12"]);
        let said = normal_words("please leave a message now");
        assert!(contains_run(&said, &normal_words("leave a message")));
        assert!(!contains_run(&said, &normal_words("message leave")) && !contains_run(&said, &[]));
    }
}
