"""Chooses the channels of an installation by its settings."""

from engine.work import Engine
from handlers.settings import Settings
from handlers.shared.channels import Channels
from handlers.shared.channels.development import TableChannel
from handlers.shared.channels.gateway import GatewayClient
from handlers.shared.channels.mail import SmtpMail


def channels_of(engine: Engine, settings: Settings) -> Channels:
    """Return gateways and a mail server where the settings name them, and tables where they do not."""
    clock = engine.clock

    def reach(channel: str) -> GatewayClient | TableChannel:
        gateway = {"sms": settings.sms, "wechat": settings.wechat, "voice": settings.voice}[channel]
        return GatewayClient(channel, gateway, clock) if gateway.url else keep(channel)

    def keep(channel: str) -> TableChannel:
        return TableChannel(channel, engine, is_demo=settings.demo)

    mail = SmtpMail(settings.mail, clock) if settings.mail.host else keep("mail")
    return Channels(sms=reach("sms"), wechat=reach("wechat"), mail=mail, voice=reach("voice"))
