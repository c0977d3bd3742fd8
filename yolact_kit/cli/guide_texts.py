"""What the guide says, in English and Korean."""

from __future__ import annotations

import locale
import os
from typing import Literal

Language = Literal["en", "ko"]

TEXTS: dict[str, tuple[str, str]] = {
    "welcome": (
        "This takes you from your labelled pictures to a trained model, step by step. Every step is a plain command, "
        "shown before it runs; stop with Ctrl-C whenever you like and continue later.",
        "레이블링한 사진에서 학습된 모델까지 한 단계씩 안내합니다. 각 단계의 명령은 실행 전에 보여 드립니다. "
        "언제든지 Ctrl-C로 멈추고 나중에 이어서 할 수 있습니다.",
    ),
    "resume": (
        "Continuing in '{folder}': {done} of {total} steps are done.",
        "'{folder}'에서 이어서 합니다: {total}단계 중 {done}단계를 마쳤습니다.",
    ),
    "complete": ("All steps in '{folder}' are done.", "'{folder}'의 모든 단계를 마쳤습니다."),
    "ask_source": ("Folder with your pictures and labels", "사진과 레이블이 있는 폴더"),
    "no_source": ("No folder was given.", "폴더가 지정되지 않았습니다."),
    "no_source_advice": (
        "Give the folder with your pictures and labels: yolact-kit guide FOLDER",
        "사진과 레이블이 있는 폴더를 지정하세요: yolact-kit guide 폴더",
    ),
    "missing": ("The folder '{source}' does not exist.", "폴더 '{source}'이(가) 없습니다."),
    "missing_advice": ("Check the spelling and the current folder.", "철자와 현재 위치를 확인하세요."),
    "not_a_folder": ("'{source}' is not a folder.", "'{source}'은(는) 폴더가 아닙니다."),
    "empty": ("The folder '{source}' is empty.", "폴더 '{source}'이(가) 비어 있습니다."),
    "empty_advice": (
        "Put your pictures and their labels ({formats}) into it, or give another folder.",
        "사진과 레이블({formats})을 넣거나 다른 폴더를 지정하세요.",
    ),
    "or": (" or ", " 또는 "),
    "nothing": (
        "The folder '{source}' holds neither pictures nor labels.",
        "폴더 '{source}'에 사진도 레이블도 없습니다.",
    ),
    "unlabelled": (
        "'{source}' has {pictures} pictures, but no labels.",
        "'{source}'에 사진 {pictures}장이 있지만 레이블이 없습니다.",
    ),
    "unlabelled_advice": (
        "Label them first, with your own class names: {command}",
        "먼저 직접 정한 클래스 이름으로 레이블링하세요: {command}",
    ),
    "ask_annotate": ("Open labelme to label them now?", "지금 labelme를 열어 레이블링할까요?"),
    "ask_classes": ("Names of your classes, separated by commas", "클래스 이름 (쉼표로 구분)"),
    "title_annotate": ("Labelling the pictures", "사진 레이블링"),
    "reading": ("Looking at '{source}'", "'{source}' 살펴보는 중"),
    "found": (
        "Found {pictures} labelled pictures ({format}) with {objects} objects of {count} classes: {classes}.",
        "레이블이 있는 사진 {pictures}장({format})을 찾았습니다. 객체 {objects}개, 클래스 {count}개: {classes}.",
    ),
    "left_out": (
        "{count} pictures have errors and are left out; the next step says which.",
        "사진 {count}장에 오류가 있어 제외합니다. 다음 단계에서 자세히 알려 드립니다.",
    ),
    "without_labels": (
        "{count} pictures have no labels and are left out.",
        "레이블이 없는 사진 {count}장은 제외합니다.",
    ),
    "numbered": (
        "{count} labels have numbers that seem to count objects, so each would be a class of its own: {examples}.",
        "레이블 {count}개의 번호는 객체를 센 것으로 보입니다. 그대로 두면 각각 별도의 클래스가 됩니다: {examples}.",
    ),
    "ask_merge": ("Leave out the numbers, one class for each name?", "번호를 빼고 이름마다 클래스 하나로 합칠까요?"),
    "boxes_only": (
        "The labels are boxes without outlines. With boxes as masks, the model learns to draw rectangles.",
        "레이블에 윤곽 없이 박스만 있습니다. 박스를 마스크로 쓰면 모델은 사각형을 그리도록 학습됩니다.",
    ),
    "ask_boxes": ("Use the boxes as masks?", "박스를 마스크로 쓸까요?"),
    "no_outlines": ("Without masks there is nothing to train on.", "마스크가 없으면 학습할 수 없습니다."),
    "no_outlines_advice": (
        "Draw outlines with `yolact-kit annotate`, or answer yes.",
        "`yolact-kit annotate`로 윤곽을 그리거나 '예'로 답하세요.",
    ),

    "ask_pictures": (
        "The pictures that belong to the labels were not found. Folder with the pictures",
        "레이블에 해당하는 사진을 찾지 못했습니다. 사진이 있는 폴더",
    ),
    "ask_format": (
        "There are several kinds of labels. Which ones should be used",
        "여러 형식의 레이블이 있습니다. 어느 형식을 쓸까요",
    ),
    "ask_class_attribute": (
        "The labels have several attributes. Which one is the class",
        "레이블에 속성이 여러 개 있습니다. 어느 속성이 클래스인가요",
    ),
    "ask_time": ("How long may training take (90s, 4m, 1h30m)", "학습 시간 (90s, 4m, 1h30m)"),
    "scratch": (
        "ImageNet weights are not on this machine and cannot be downloaded now: training starts from scratch.",
        "ImageNet 가중치가 이 컴퓨터에 없고 지금 내려받을 수도 없어서 처음부터 학습합니다.",
    ),
    "starter": (
        "Training starts from the weights in the package, which need no network and learn soonest from few pictures.",
        "패키지에 들어 있는 시작 가중치로 학습을 시작합니다. 인터넷이 필요 없고, 사진이 적어도 가장 빨리 배웁니다.",
    ),
    "imagenet": (
        "The backbone starts from ImageNet weights, so it learns faster from few pictures.",
        "백본은 ImageNet 가중치에서 시작합니다. 사진이 적어도 더 빨리 학습됩니다.",
    ),
    "step": ("Step {number} of {total}: {title}", "{total}단계 중 {number}단계: {title}"),
    "convert": ("Turning your labels into a data set", "레이블을 데이터셋으로 변환"),
    "validate": ("Checking the data set", "데이터셋 검사"),
    "config": ("Planning the configuration", "설정 계획"),
    "train": ("Training the model", "모델 학습"),
    "evaluate": ("Measuring how good it is", "성능 측정"),
    "predict": ("Predicting on pictures", "사진 예측"),
    "ask_step": ("Run this?", "실행할까요?"),
    "left": ("Stopped. Continue at any time:\n  $ {command}", "멈췄습니다. 언제든지 이어서 하세요:\n  $ {command}"),
    "errors_found": (
        "Something was left out or found wrong; see above.",
        "제외되었거나 잘못된 것이 있습니다. 위의 내용을 보세요.",
    ),
    "ask_go_on": ("Continue anyway?", "그래도 계속할까요?"),
    "held_out": (
        "Copied the {count} pictures of the split '{split}', which the model did not train on, to {folder}.",
        "모델이 학습하지 않은 '{split}' 분할의 사진 {count}장을 {folder}에 복사했습니다.",
    ),
    "done": (
        "Done. Mask AP50 on '{split}': {ap50}, mask AP: {ap}. The project is in '{folder}'.",
        "끝났습니다. '{split}'의 마스크 AP50: {ap50}, 마스크 AP: {ap}. 프로젝트는 '{folder}'에 있습니다.",
    ),
    "look": (
        "Look at these, labels on the left, predictions on the right:",
        "결과 사진입니다 (왼쪽은 레이블, 오른쪽은 예측):",
    ),
    "more_pictures": ("... and {count} more in {folder}", "... {folder}에 {count}장 더 있습니다"),
    "next": ("Predict on other pictures:", "다른 사진에 예측하려면:"),
    "other_project": (
        "'{folder}' is the project of another folder: '{source}'.",
        "'{folder}'은(는) 다른 폴더 '{source}'의 프로젝트입니다.",
    ),
    "other_project_advice": ("Give another folder with --out.", "--out으로 다른 폴더를 지정하세요."),
    "not_empty": (
        "'{folder}' is not empty and is not a project of the guide.",
        "'{folder}'은(는) 비어 있지 않고 가이드의 프로젝트도 아닙니다.",
    ),
    "broken_project": ("'{file}' cannot be read.", "'{file}'을(를) 읽을 수 없습니다."),
    "broken_project_advice": (
        "Begin again with another folder: --out FOLDER.",
        "--out 폴더로 다른 폴더에서 다시 시작하세요.",
    ),
}  # fmt: skip
"""Each text in English and Korean, by its key."""


def text(key: str, language: Language, **values: object) -> str:
    """A text in a language.

    Args:
        key: A key of `TEXTS`.
        language: ``en`` or ``ko``.
        values: Values of its placeholders.

    Returns:
        The text.

    Example:
        >>> text("ask_go_on", "en")
        'Continue anyway?'
    """
    english, korean = TEXTS[key]
    return (korean if language == "ko" else english).format(**values)


def default_language() -> Language:
    """Korean where this process runs in a Korean locale, else English.

    Example:
        >>> default_language() in ("en", "ko")
        True
    """
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return "ko" if value.lower().startswith("ko") else "en"
    name = locale.getlocale()[0] or ""
    return "ko" if name.lower().startswith(("ko", "korean")) else "en"
