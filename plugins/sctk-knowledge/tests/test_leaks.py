"""What speaks of a document, by word, in ten languages; what only looks like it passes."""

from __future__ import annotations

import pytest
from sctk_knowledge.leaks import leak

LEAKS = """
What does the text say about copyright?
What is the main topic of the passage?
According to the author, what is free software?
What does the author argue?
What is the author's main point?
Which options does this document list?
What, according to this article, is a library?
What is mentioned in the text about vi?
In the passage, who is Socrates?
Which command is described above, and what is mentioned above?
What does this manual page describe?
What does this license require?
According to the manual, what is the default?
Which command is used in the given context?
Based on the information provided, what is a lock?
What is the purpose of the document?
What did the narrator say?
When was the document written?
What do these paragraphs, in short, describe?
Was sagt der Text über den Rhein?
Laut Text: Wo entspringt der Rhein?
Welche Option wird in diesem Dokument beschrieben?
Was meint der Autor mit Freiheit?
Welche Stadt wird im vorliegenden Textabschnitt genannt?
Nach Ansicht des Verfassers, was ist Software?
Que dit le texte sur la mer ?
Selon l'auteur, qui gagna la guerre ?
Quel est le sujet de cet article ?
D'après le passage, où est la ville ?
Quelle option est décrite dans ce document ?
¿Qué dice el texto sobre el río?
Según el autor, ¿quién ganó?
¿Cuál es el tema de este documento?
De acuerdo con el pasaje, ¿dónde está la ciudad?
Che cosa dice il testo sul fiume?
Secondo l'autore, chi vinse la guerra?
Quale opzione è descritta nel documento?
Qual è il tema di quest'articolo?
O que diz o texto sobre o rio?
Segundo o autor, quem venceu?
Qual é o tema deste documento?
De acordo com a passagem, onde fica a cidade?
Wat zegt de tekst over de rivier?
Volgens de auteur, wie won de oorlog?
Welke optie staat in dit document?
Wat is het onderwerp van bovenstaande alinea?
Что говорится в тексте о реке?
Согласно документу, кто победил?
Какая опция описана в этом документе?
По мнению автора, что такое свобода?
Что утверждает автор?
根据文章，首都在哪里？
本文的主题是什么？
这段文字提到了哪条河？
作者认为自由是什么？
文中提到的城市叫什么？
该文档介绍了什么命令？
この文章によると、首都はどこですか？
本文では何が述べられていますか？
筆者の主張は何ですか？
上記のテキストで説明されている川は？
この文書の目的は何ですか？
""".strip().splitlines()
CLEAN = """
How is a file opened in the text editor vi?
Which command searches the text files below a directory?
How is the text mode of ftp switched on?
What is the document root of Apache?
What does the text of the treaty of Versailles say of reparations?
What does Article 5 of the constitution protect?
According to article 5 of the constitution, who may vote?
Who supported the passage of the Reform Act?
Who is the author of vi?
What must the author of a derivative work do?
Which rights does the author keep under CC0?
According to author Jane Austen, what does a single man want?
In which context is EINTR returned?
What is a context switch?
What does the section header table of an ELF file hold?
What does section 7 of the GPL permit?
Which license covers the GNU C Library?
What information does ps print?
How does a textile mill work?
Which document proves who somebody is?
In any given document, how many fonts may troff load?
What is a passage grave?
Which page does the kernel evict first?
What does the -n option of cat do?
Who wrote The Text of Light?
Welcher Texteditor gehört zu Debian?
Was ist der Text-Editor vi?
Was steht in Artikel 5 des Grundgesetzes?
Wer schrieb den Text des Liedes der Deutschen?
Was ist eine Textilfabrik?
Wer ist der Autor von vi?
Quel éditeur de texte est fourni par Debian ?
Que dit l'article 5 de la constitution ?
Qui écrivit le texte de la Marseillaise ?
Qu'est-ce que le contexte d'un processus ?
¿Qué editor de texto trae Debian?
¿Qué dice el artículo 5 de la constitución?
¿Quién es el autor de vi?
¿Qué es una industria textil?
Quale editor di testo contiene Debian?
Che cosa dice l'articolo 5 della costituzione?
Chi è l'autore di vi?
Qual editor de texto vem com o Debian?
O que diz o artigo 5 da constituição?
Welke teksteditor hoort bij Debian?
Wat zegt artikel 5 van de grondwet?
Wie is de auteur van vi?
Какой текстовый редактор входит в Debian?
Что говорится в статье 5 конституции?
Кто автор редактора vi?
В каком контексте возникает ошибка?
日本文化的特点是什么？
文本编辑器vi如何退出？
作文中心在哪里？
鲁迅的文章有哪些？
中国古文中心的地址？
日本文化の特徴は何ですか？
テキストエディタviを終了するには？
この文字は何ですか？
文部科学省の役割は何ですか？
""".strip().splitlines()


@pytest.mark.parametrize("question", LEAKS)
def test_what_speaks_of_a_document(question: str) -> None:
    assert leak(question)
    assert not leak(question, ()), "nobody wants to know"


@pytest.mark.parametrize("question", CLEAN)
def test_what_only_looks_like_it(question: str) -> None:
    assert leak(question) == ""


def test_a_leak_is_told_in_its_words() -> None:
    told = {
        "What does the text say?": "the text",
        "What, according to this article, is a library?": "this article",
        "According to the author, who won?": "according to the author",
        "Laut Text: wo?": "laut text",
        "根据文章，首都在哪里？": "根据文章",
    }
    assert {question: leak(question) for question in told} == told
