"""What a person does on the page."""

SHIP = "Painting of a ship sailing in a stormy sea, with dramatic lighting and powerful waves."
QUICK = "qwzx"  # the painter knows no such word, and paints quickly


def generate(page, prompt=None):
    if prompt is not None:
        page.get_by_label("Prompt", exact=True).fill(prompt)
    page.get_by_role("button", name="Generate Image").click()


def watch_posts(page):
    """A list that grows with each request for a picture."""
    sent = []

    def note(request):
        if request.method == "POST":
            sent.append(request)

    page.on("request", note)
    return sent
