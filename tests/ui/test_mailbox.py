"""The development mailbox shows what the file backend wrote."""

from django.core.mail import EmailMultiAlternatives, get_connection

from shared_apps.ui.mailbox import read_mails


def test_every_mail_that_was_sent_is_there(tmp_path):
    connection = get_connection("django.core.mail.backends.filebased.EmailBackend", file_path=tmp_path)
    first = EmailMultiAlternatives("Your code: é", "Enter 123456", "hall@x.example", ["a@x.example"])
    first.attach_alternative("<b>123456</b>", "text/html")
    second = EmailMultiAlternatives("Joined", "Welcome", "hall@x.example", ["b@x.example"])
    connection.send_messages([first, second])
    mails = read_mails(tmp_path)
    assert {(mail.subject, mail.recipients, mail.text) for mail in mails} == {
        ("Your code: é", "a@x.example", "Enter 123456"),
        ("Joined", "b@x.example", "Welcome"),
    }
    assert {mail.subject: mail.html.strip() for mail in mails} == {
        "Your code: é": "<b>123456</b>",
        "Joined": "",
    }
    assert all(mail.sent_at.tzinfo for mail in mails)
    assert len(read_mails(tmp_path, limit=1)) == 1


def test_before_the_first_mail_the_box_is_empty(tmp_path):
    assert read_mails(tmp_path / "nothing-yet") == []


def test_the_html_part_is_a_page_that_runs_nothing(tmp_path, settings, client_of, db):
    settings.EMAIL_FILE_PATH = tmp_path
    message = EmailMultiAlternatives("Hello", "Text", "hall@x.example", ["a@x.example"])
    message.attach_alternative("<p style='color:red'>Hello</p><script>1</script>", "text/html")
    get_connection("django.core.mail.backends.filebased.EmailBackend", file_path=tmp_path).send_messages(
        [message]
    )
    (mail,) = read_mails(tmp_path)
    client = client_of("acme")
    assert f'href="/mailbox/{mail.key}/"' in client.get("/mailbox/").content.decode()
    page = client.get(f"/mailbox/{mail.key}/")
    assert page.content.decode().strip() == mail.html.strip()
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script-src" not in policy
    assert client.get("/mailbox/unknown/").status_code == 404
