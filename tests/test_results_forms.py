"""Idempotency keys with forms."""

from buckets import KEY, ask, spent
from chalicelib import catalogue
from forms import EDITS, FORM, file, form, order

INPAINT = catalogue.parse("stable-image-inpaint").models[0]


def test_a_form_sent_again_with_another_boundary_pays_once(bucket, bedrock, post, budget):
    fields = order(INPAINT, seed="7")
    first = post(form(**fields), "/", FORM, **KEY)
    again = post(
        form(**fields, boundary="other"), "/", "multipart/form-data; boundary=other", **KEY
    )
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.body == again.body == ask("/results/a-key").body
    assert len(bedrock.paintings) == 1


def test_another_form_with_the_same_key_is_an_error(bucket, bedrock, post, budget):
    assert post(form(**order(INPAINT)), "/", FORM, **KEY).status_code == 200
    for changes in ({"prompt": "a hen"}, {"mask": file(mode="L", color=254)}):
        other = post(form(**order(INPAINT, **changes)), "/", FORM, **KEY)
        assert (other.status_code, other.json_body["Code"]) == (422, "KeyReused")


def test_an_edit_at_openais_door_pays_once(bucket, bedrock, post, budget):
    body = form(prompt="a door", image=file(), n="2")
    first, again = (post(body, EDITS, FORM, **KEY) for _ in range(2))
    assert first.status_code == 200 and first.body == again.body
    assert len(first.json_body["data"]) == len(bedrock.paintings) == 2
    assert spent() == 4  # images at 0.04 dollars; two at 0.08


def test_a_form_that_is_refused_frees_its_key(bucket, bedrock, post, budget):
    assert post(form(**order(INPAINT, mask=b"x")), "/", FORM, **KEY).status_code == 400
    assert post(form(**order(INPAINT)), "/", FORM, **KEY).status_code == 200
