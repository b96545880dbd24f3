"""Sentences stand beside each other as their language does it."""

from groupware.sentences import joined


def test_japanese_sentences_follow_without_a_space_and_others_with_one() -> None:
    assert joined("切れました。", "", "メールは残ります。") == "切れました。メールは残ります。"
    assert joined("Access ended.", "Mail stays.") == "Access ended. Mail stays."
